"""Photos through a running server and a network that breaks: tuspy, tus-js-client and the reference tablet."""

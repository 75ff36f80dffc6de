"""The acceptance stories of the rules (section 13): each is one file, told through HTTP."""

// What the tests ask of tus-js-client: uploads that outlive their network, and their app.
import { readFile } from 'node:fs/promises';
import { FileUrlStorage, Upload } from 'tus-js-client';

let settings, upload, ended;

export const open = (given) => {
  settings = given;
};

// The URL at which an earlier run of the app had begun, if it is remembered.
export async function begin({ file, id, chunk, retries }) {
  upload = new Upload(await readFile(file), {
    endpoint: `${settings.url}/sync/v1/uploads`,
    headers: { Authorization: `Bearer ${settings.token}` },
    metadata: { attachment_id: id },
    chunkSize: chunk ?? Infinity,
    retryDelays: Array(retries).fill(20),
    urlStorage: new FileUrlStorage('uploads.json'),
    removeFingerprintOnSuccess: true,
  });
  const [earlier] = await upload.findPreviousUploads();
  if (earlier) upload.resumeFromPreviousUpload(earlier);
  ended = new Promise((resolve) => {
    upload.options.onSuccess = () => resolve(null);
    upload.options.onError = (error) => resolve(String(error));
  });
  upload.start();
  return earlier?.uploadUrl ?? null;
}

export const failure = () => ended;
export const url = () => upload.url;
export const give_up = () => upload.abort(true);

// The official tus client for JavaScript sends a file, in parts and with patience, and tells how far it has come.
// node tus.cjs MODULE ENDPOINT TOKEN FILE CHUNK_BYTES URL_FILE: goes on with the upload that URL_FILE names, if any.
const fs = require('fs')
const [module_, endpoint, token, file, chunkBytes, urlFile] = process.argv.slice(2)
const tus = require(module_)
const upload = new tus.Upload(fs.createReadStream(file), {
  endpoint,
  uploadUrl: fs.existsSync(urlFile) ? fs.readFileSync(urlFile, 'utf8') : null,
  chunkSize: Number(chunkBytes),
  retryDelays: Array(100).fill(200),
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: file.split('/').pop(), filetype: 'application/pdf', process: 'true' },
  onUploadUrlAvailable: () => fs.writeFileSync(urlFile, upload.url),
  onChunkComplete: (_, accepted) => console.log(accepted),
  onShouldRetry: () => true,
  onError: (error) => { console.error(`${error}`); process.exit(1) },
  onSuccess: () => { console.log('done'); process.exit(0) },
})
upload.start()

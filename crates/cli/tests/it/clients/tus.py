# The official tus client for Python sends a file, in parts with checksums and with patience, and tells how far it has
# come. python tus.py ENDPOINT TOKEN FILE CHUNK_BYTES URL_FILE: goes on with the upload that URL_FILE names, if any.
import os
import sys
import time

from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

endpoint, token, file, chunk_bytes, url_file = sys.argv[1:]
client = TusClient(endpoint, headers={"Authorization": f"Bearer {token}"})
metadata = {"filename": os.path.basename(file), "filetype": "application/pdf", "process": "true"}


def patiently(work):
    for _ in range(100):
        try:
            return work()
        except TusCommunicationError:
            time.sleep(0.2)
    sys.exit("patience is over")


url = open(url_file).read() if os.path.exists(url_file) else None
uploader = patiently(lambda: client.uploader(
    file, url=url, chunk_size=int(chunk_bytes), metadata=metadata, retries=100, retry_delay=0.2, upload_checksum=True))
if not uploader.url:
    uploader.set_url(patiently(uploader.create_url))
    with open(url_file, "w") as kept:
        kept.write(uploader.url)
while uploader.offset < uploader.get_file_size():
    uploader.upload_chunk()
    print(uploader.offset, flush=True)
print("done", flush=True)

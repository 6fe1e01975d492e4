#!/usr/bin/env python3
"""A worker for Colophon in Python's standard library alone: it borrows jobs over HTTP, reads their PDFs with a tool that
is installed, and delivers the zones page by page. docs/workers.md tells the protocol.

    worker.py --url http://127.0.0.1:8787 --token "$(colophon token --role service_role)" --tool pdftotext
    worker.py --url … --token … --tool tesseract --strategy my-ocr --queue scans --concurrency 4

SIGTERM or Ctrl-C: what is read is delivered, the jobs in hand are handed back, and no attempt is counted.
"""

import argparse
import csv
import json
import math
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor


class Refused(Exception):
    """The server understood, and says no: sending it again changes nothing."""

    def __init__(self, message, status=None):
        super().__init__(message)
        self.status = status


class Stop(Exception):
    """The worker is to end."""


class Lost(Exception):
    """The job is somebody else's now, or was called off: drop it."""


class Failed(Exception):
    """The attempt failed. The class says what may be done: transient, permanent or poison."""

    def __init__(self, error_class, error_code, message):
        super().__init__(message)
        self.told = {"error_class": error_class, "error_code": error_code, "error_message": message}


class UnitFailed(Exception):
    """One page or zone cannot be read; the others are none the worse for it."""

    def __init__(self, message, error_code="tool_failed"):
        super().__init__(message)
        self.error_code = error_code


class Server:
    """The server, which may be away for a while: what did not get through is sent again, which is harmless."""

    def __init__(self, url, token):
        self.url, self.token = url.rstrip("/"), token

    def call(self, what, body, **how):
        return self.ask(f"/v1/worker/{what}", body, **how)

    def ask(self, what, body=None, patience=120.0, timeout=90.0, in_doubt=dict):
        """Gets, or posts, until there is an answer. Gives up after `patience` seconds. `in_doubt` gives what is said besides
        once an answer was lost."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        give_up, wait, more = time.monotonic() + patience, 0.2, {}
        while True:
            data = None if body is None else json.dumps({**body, **more}).encode()
            request = urllib.request.Request(self.url + what, data=data, headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=timeout) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                told = error.read().decode(errors="replace")
                if error.code < 500 and error.code != 429:
                    raise Refused(f"{what}: {error.code} {told}", error.code) from error
                why = f"{error.code}"
            except (OSError, ValueError) as error:
                why = str(error)
            if time.monotonic() + wait > give_up:
                raise TimeoutError(f"{what}: no answer within {patience:.0f} s, the last word was: {why}")
            log(f"{what}: {why}; again in {wait:.1f} s")
            time.sleep(wait * random.uniform(0.75, 1.25))
            wait, more = min(wait * 2, 5.0), in_doubt()

    def one(self, what, item, **more):
        """Says something of one job. Gives the answer; raises `Lost` where the lease is."""
        result = self.call(what, {"jobs": [item], **more})["results"][0]
        if result["result"] in ("stale", "not_found"):
            raise Lost(result["detail"])
        if result["result"] == "invalid":
            raise Refused(f"{what}: {result['problem']['detail']}")
        return result


class Job:
    """A borrowed job."""

    def __init__(self, claimed):
        self.claimed = claimed
        self.key = {"job_id": claimed["job_id"], "lease_seq": claimed["lease_seq"]}
        self.lost = threading.Event()
        self.progress = None
        self.child = None

    def todo(self):
        """The zones that the job names, else its pages; without those that earlier attempts did."""
        if self.claimed["zone_ids"]:
            units, done = self.claimed["zone_ids"], self.claimed["done_zones"]
        else:
            units = self.claimed["page_numbers"] or range(1, (self.claimed["page_count"] or 0) + 1)
            done = self.claimed["done_pages"]
        return [unit for unit in units if unit not in set(done)]

    def run(self, *command, limit):
        """Runs a tool. It is killed where the lease is lost."""
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as self.child:
            try:
                if self.lost.is_set():
                    raise Lost("before the tool began")
                out, err = self.child.communicate(timeout=limit)
            except subprocess.TimeoutExpired as error:
                raise Failed("transient", "tool_timeout", f"{command[0]} was not done after {limit} s") from error
            finally:
                self.child.kill()
        if self.lost.is_set():
            raise Lost("while the tool ran")
        if self.child.returncode < 0:
            # The file's doing: whoever reads it next is likely to meet the same end.
            name = signal.Signals(-self.child.returncode).name
            raise Failed("poison", "tool_crashed", f"{command[0]} was ended by {name}: {last_words(err)}")
        if self.child.returncode != 0:
            raise UnitFailed(f"{command[0]} ended with {self.child.returncode}: {last_words(err)}")
        return out


def last_words(text):
    return text.decode(errors="replace").strip()[-500:] or "without a word"


class PdfToText:
    """The text that a PDF carries, a block for a zone (poppler)."""

    needs = ["pdftotext"]

    def blocks(self, job, path, page, limit):
        """Width and height of the page, and its blocks: each with its lines, each of those with its words."""
        number = str(page)
        command = ["pdftotext", "-bbox-layout", "-cropbox", "-f", number, "-l", number, path, "-"]
        xml = job.run(*command, limit=limit)
        # What no XML may hold is no text either.
        xml = re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", b"", xml).decode("utf-8", errors="replace")
        name = "{http://www.w3.org/1999/xhtml}"
        try:
            sheet = next(ElementTree.fromstring(xml).iter(f"{name}page"))
        except (ElementTree.ParseError, StopIteration) as error:
            raise UnitFailed(f"pdftotext gave no page: {error}") from error
        blocks = (
            (block, [list(line.iter(f"{name}word")) for line in block.iter(f"{name}line")])
            for block in sheet.iter(f"{name}block")
        )
        return float(sheet.get("width")), float(sheet.get("height")), blocks

    def read(self, job, path, page, folder, limit):
        wide, high, blocks = self.blocks(job, path, page, limit)
        zones = []
        for block, lines in blocks:
            text = "\n".join(" ".join(word.text or "" for word in line) for line in lines)
            zone = text_zone(page, sides(block), wide, high, text)
            zones.extend([zone] if zone else [])
        return zones, {}

    def read_zone(self, job, path, page, box, folder, limit):
        """The words whose middle lies in the box: blocks go beyond it, and pdftotext's own -x -y -W -H count from the edge of
        the sheet, not from that of what is shown of it."""
        wide, high, blocks = self.blocks(job, path, page, limit)
        left, top, right, bottom = (at * of for at, of in zip(box, (wide, high, wide, high)))

        def lies_within(word):
            x0, y0, x1, y1 = sides(word)
            return left <= (x0 + x1) / 2 <= right and top <= (y0 + y1) / 2 <= bottom

        lines = (
            " ".join(word.text or "" for word in line if lies_within(word))
            for _, lines in blocks for line in lines
        )
        return {"content": "\n".join(line for line in lines if line) or None}, {}


class Tesseract:
    """Pages as pictures, a paragraph for a zone, with its confidence (poppler's pdftoppm, tesseract)."""

    needs = ["pdftoppm", "tesseract"]

    def __init__(self, language, dpi):
        self.language, self.dpi = language, dpi

    def recognise(self, job, path, page, folder, limit, box=None):
        """Tesseract's rows for a page, or for the box of it, and how long it took."""
        begun = time.monotonic()
        picture = os.path.join(folder, f"page-{page}")
        job.run("pdftoppm", "-r", str(self.dpi), "-cropbox", "-gray", "-singlefile",
                "-f", str(page), "-l", str(page), path, picture, limit=limit)
        try:
            if box:
                crop(f"{picture}.pgm", box)
            rendered = time.monotonic()
            tsv = job.run("tesseract", f"{picture}.pgm", "-", "-l", self.language, "--dpi", str(self.dpi), "tsv", limit=limit)
        finally:
            os.unlink(f"{picture}.pgm")
        stages = {"render": milliseconds(begun, rendered), "recognise": milliseconds(rendered)}
        rows = csv.DictReader(tsv.decode(errors="replace").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
        return list(rows), stages

    def read_zone(self, job, path, page, box, folder, limit):
        rows, stages = self.recognise(job, path, page, folder, limit, box)
        words = [row for row in rows if row["level"] == "5" and (row["text"] or "").strip()]
        lines = {}
        for word in words:
            lines.setdefault(tuple(int(word[part]) for part in ("block_num", "par_num", "line_num")), []).append(word["text"])
        text = "\n".join(" ".join(line) for _, line in sorted(lines.items()))
        return ({"content": text, "confidence": sure(words)} if words else {"content": None}), stages

    def read(self, job, path, page, folder, limit):
        rows, stages = self.recognise(job, path, page, folder, limit)
        wide = high = 1.0
        paragraphs = {}
        for row in rows:
            if row["level"] == "1":
                wide, high = float(row["width"]), float(row["height"])
            elif row["level"] == "5" and (row["text"] or "").strip():
                paragraphs.setdefault((int(row["block_num"]), int(row["par_num"])), []).append(row)
        zones = []
        for _, words in sorted(paragraphs.items()):
            left, top = (min(float(word[side]) for word in words) for side in ("left", "top"))
            right = max(float(word["left"]) + float(word["width"]) for word in words)
            bottom = max(float(word["top"]) + float(word["height"]) for word in words)
            lines = {}
            for word in words:
                lines.setdefault(int(word["line_num"]), []).append(word["text"])
            text = "\n".join(" ".join(line) for _, line in sorted(lines.items()))
            zone = text_zone(page, [left, top, right, bottom], wide, high, text)
            zones.extend([{**zone, "confidence": sure(words)}] if zone else [])
        return zones, stages


def sides(element):
    return [float(element.get(side)) for side in ("xMin", "yMin", "xMax", "yMax")]


def sure(words):
    """The mean of what tesseract says of each word, 0 to 1."""
    mean = sum(max(float(word["conf"]), 0.0) for word in words) / len(words) / 100
    return round(min(mean, 1.0), 4)


def crop(path, box, margin=20):
    """Leaves of a grey picture (PGM, a byte a pixel) the box, in fractions, on white: what stands at the very edge is read
    worse. pdftoppm would cut by itself, but counts in pixels of a page whose size it does not tell before."""
    with open(path, "rb") as file:
        head = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", file.read(64))
        wide, high = int(head[1]), int(head[2])
        left, top = (max(0, int(at * of)) for at, of in zip(box, (wide, high)))
        right, bottom = (min(of, math.ceil(at * of)) for at, of in zip(box[2:], (wide, high)))
        if left >= right or top >= bottom:
            raise UnitFailed("the zone lies outside its page", "no_place")
        rows = []
        for row in range(top, bottom):
            file.seek(head.end() + row * wide + left)
            rows.append(b"\xff" * margin + file.read(right - left) + b"\xff" * margin)
    across = right - left + 2 * margin
    blank = [b"\xff" * across] * margin
    with open(path, "wb") as file:
        file.write(b"P5\n%d %d\n255\n" % (across, bottom - top + 2 * margin))
        file.writelines(blank + rows + blank)


def text_zone(page, box, wide, high, text):
    """A zone in fractions of the page, so that it fits whatever unit the page has. None where it has no size."""
    x0, y0, x1, y1 = (max(0.0, min(1.0, at / of)) for at, of in zip(box, (wide, high, wide, high)))
    if x0 >= x1 or y0 >= y1 or not text.strip():
        return None
    coordinates = {"x0": x0, "y0": y0, "x1": x1, "y1": y1}
    return {"page_number": page, "zone_type": "text", "content": text, "coordinates": coordinates}


def milliseconds(begun, ended=None):
    return round(((ended or time.monotonic()) - begun) * 1000)


class Worker:
    def __init__(self, server, tool, arguments):
        self.server, self.tool, self.arguments = server, tool, arguments
        self.name = f"worker.py@{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.hand, self.guard = {}, threading.Lock()
        self.stopping, self.done = threading.Event(), threading.Event()
        self.claiming = False

    def run(self):
        slots = threading.Semaphore(self.arguments.concurrency)
        beating = threading.Thread(target=self.keep_leases, daemon=True)
        beating.start()
        with ThreadPoolExecutor(self.arguments.concurrency) as pool:
            while not self.stopping.is_set():
                try:
                    self.take(pool, slots)
                except Stop:
                    break
        self.done.set()
        beating.join()

    def take(self, pool, slots):
        """As many jobs as there are free slots, once there is one of each."""
        free = 0
        while free == 0 or (free < self.arguments.concurrency and slots.acquire(blocking=False)):
            if free == 0 and not slots.acquire(timeout=0.2):
                if self.stopping.is_set():
                    return
                continue
            free += 1
        jobs = []
        try:
            jobs = self.claim(free)
        finally:
            for _ in range(free - len(jobs)):
                slots.release()
        for job in jobs:
            pool.submit(self.work, job).add_done_callback(lambda _: slots.release())
        if self.arguments.until_idle and not jobs and not self.hand:
            self.stopping.set()

    def claim(self, limit):
        wanted = {
            "worker": self.name, "queues": self.arguments.queue, "strategies": [self.arguments.strategy],
            "limit": limit, "lease_seconds": self.arguments.lease,
            "wait_seconds": 20 if not self.arguments.until_idle else 1 if self.hand else 0,
        }
        try:
            self.claiming = True
            if self.stopping.is_set():
                raise Stop
            answer = self.server.call("claim", wanted, patience=float("inf"), in_doubt=self.in_hand)
        finally:
            self.claiming = False
        jobs = [Job(claimed) for claimed in answer["jobs"]]
        with self.guard:
            self.hand.update((job.key["job_id"], job) for job in jobs)
        return jobs

    def in_hand(self):
        """What was lent by an answer that was lost goes back: this worker knows nothing of it."""
        with self.guard:
            return {"in_hand": [job.key for job in self.hand.values()]}

    def stop(self, *_):
        self.stopping.set()
        if self.claiming:
            # Whatever the server would lend now, it keeps: it sees that nobody waits for it any more.
            raise Stop

    def keep_leases(self):
        """Beside the work, and a little longer."""
        while not self.done.wait(self.arguments.lease / 4):
            with self.guard:
                jobs = list(self.hand.values())
            beats = [{**job.key, **({"progress": job.progress} if job.progress else {})} for job in jobs]
            for part in (slice(at, at + 1000) for at in range(0, len(beats), 1000)):
                try:
                    beat = {"jobs": beats[part], "lease_seconds": self.arguments.lease}
                    half = self.arguments.lease / 2
                    results = self.server.call("heartbeat", beat, patience=half, timeout=half)["results"]
                except (TimeoutError, Refused) as error:
                    # A server that is away is no lost lease; whether it was, the next word tells.
                    log(f"heartbeat: {error}")
                    continue
                for job, result in zip(jobs[part], results):
                    if result["result"] != "held":
                        log(f"{job.key['job_id']}: {result.get('detail', result['result'])}")
                        job.lost.set()
                        if job.child:
                            job.child.kill()

    def work(self, job):
        begun = time.monotonic()
        try:
            told = self.process(job, begun)
            log(f"{job.key['job_id']}: {told['result']} in {time.monotonic() - begun:.1f} s")
        except Lost as lost:
            log(f"{job.key['job_id']}: dropped, {lost}")
        except Exception as error:  # Whatever went wrong: an attempt that failed, and no end of the worker.
            told = getattr(error, "told", None) or {
                "error_class": "transient", "error_code": "worker_error", "error_message": f"{type(error).__name__}: {error}"}
            try:
                answer = self.server.one("fail", {**job.key, **told, "metrics": {"seconds": time.monotonic() - begun}})
                log(f"{job.key['job_id']}: {told['error_code']}; {answer['result']}")
            except (Lost, Refused, TimeoutError) as error:
                log(f"{job.key['job_id']}: {told['error_code']}, which could not be told: {error}")
        finally:
            with self.guard:
                self.hand.pop(job.key["job_id"], None)

    def process(self, job, begun):
        if not job.claimed["content_url"]:
            raise Failed("permanent", "not_readable", "the document has no file that can be read")
        todo = job.todo()
        with tempfile.TemporaryDirectory(prefix="colophon-worker-") as folder:
            path = os.path.join(folder, "document.pdf")
            download(job.claimed["content_url"], path)
            outcomes, zones, delivered = [], [], time.monotonic()
            for count, unit in enumerate(todo):
                if self.stopping.is_set():
                    self.deliver(job, outcomes, zones)
                    return self.server.one("release", job.key)
                if job.lost.is_set():
                    raise Lost("between two pages")
                outcome, found = self.unit(job, path, unit, folder)
                outcomes.append(outcome)
                zones.extend(found)
                job.progress = round(100 * (count + 1) / len(todo), 2)
                if len(outcomes) >= 50 or len(zones) >= 2_000 or time.monotonic() - delivered > 2:
                    self.deliver(job, outcomes, zones)
                    outcomes, zones, delivered = [], [], time.monotonic()
        of = "zones" if job.claimed["zone_ids"] else "pages"
        metrics = {of: len(todo), "seconds": round(time.monotonic() - begun, 3)}
        return self.server.one("complete", {**self.delivery(job, outcomes, zones), "metrics": metrics})

    def unit(self, job, path, unit, folder):
        """Reads a page, or a zone. Gives how that ended, and the zones that were found."""
        begun = time.monotonic()
        name, read = ("zone_id", self.zone) if job.claimed["zone_ids"] else ("page_number", self.tool.read)
        try:
            zones, stages = read(job, path, unit, folder, self.arguments.page_timeout)
        except UnitFailed as error:
            told = {"outcome": "failed", "error_class": "permanent", "error_code": error.error_code, "error_message": str(error)}
            return {name: unit, "duration_ms": milliseconds(begun), **told}, []
        return {name: unit, "outcome": "completed", "duration_ms": milliseconds(begun), "stages": stages}, zones

    def zone(self, job, path, zone_id, folder, limit):
        """Reads again what stands in the box of a zone, which stays where it is."""
        try:
            zone = self.server.ask(f"/v1/documents/{job.claimed['document_id']}/zones/{zone_id}?frame=normalised")
        except Refused as error:
            if error.status == 404:
                raise UnitFailed("the zone is gone", "no_such_zone") from error
            raise
        if zone["version"] != job.claimed["version"]:
            raise UnitFailed(f"the zone is on version {zone['version']}, the job's is {job.claimed['version']}", "other_version")
        box = [(zone["coordinates"] or {}).get(side) for side in ("x0", "y0", "x1", "y1")]
        if None in box:
            raise UnitFailed("the zone has no place on its page", "no_place")
        found, stages = self.tool.read_zone(job, path, zone["page_number"], box, folder, limit)
        return [{"id": zone_id, **found}], stages

    def deliver(self, job, outcomes, zones):
        if outcomes:
            self.server.one("deliver", self.delivery(job, outcomes, zones), lease_seconds=self.arguments.lease)

    def delivery(self, job, outcomes, zones):
        if not outcomes:
            return job.key
        of = "zone_outcomes" if job.claimed["zone_ids"] else "pages"
        return {**job.key, of: outcomes, "zones": zones, "tool": self.arguments.strategy, "frame": "normalised"}


def download(url, path):
    """The address lasts as long as the attempt may, and needs no token."""
    for attempt in range(6):
        try:
            with urllib.request.urlopen(url, timeout=60) as answer, open(path, "wb") as file:
                shutil.copyfileobj(answer, file, 1 << 20)
            return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise Failed("permanent", "content_refused", f"the file: {error.code} {last_words(error.read())}") from error
            why = error
        except OSError as error:
            why = error
        time.sleep(min(0.2 * 2**attempt, 5) * random.uniform(0.75, 1.25))
    raise Failed("transient", "content_unavailable", f"the file cannot be fetched: {why}")


def log(text):
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default=os.environ.get("COLOPHON_URL", "http://127.0.0.1:8787"))
    parser.add_argument("--token", default=os.environ.get("COLOPHON_TOKEN"), help="of the role service_role")
    parser.add_argument("--tool", choices=["pdftotext", "tesseract"], default="pdftotext")
    parser.add_argument("--strategy", help="whose jobs to take; the tool's name unless given")
    parser.add_argument("--queue", action="append", help="may be given several times; default: default")
    parser.add_argument("--concurrency", type=int, default=2)
    parser.add_argument("--lease", type=int, default=30, help="seconds that a lease lasts without a heartbeat")
    parser.add_argument("--page-timeout", type=float, default=120.0)
    parser.add_argument("--language", default="eng", help="of tesseract")
    parser.add_argument("--dpi", type=int, default=200, help="of the pictures for tesseract")
    parser.add_argument("--until-idle", action="store_true", help="end when there is nothing to do")
    arguments = parser.parse_args()
    if not arguments.token:
        parser.error("a token is needed: --token, or COLOPHON_TOKEN (colophon token --role service_role)")
    arguments.strategy = arguments.strategy or arguments.tool
    arguments.queue = arguments.queue or ["default"]
    tool = PdfToText() if arguments.tool == "pdftotext" else Tesseract(arguments.language, arguments.dpi)
    missing = [name for name in tool.needs if not shutil.which(name)]
    if missing:
        parser.error(f"not installed: {', '.join(missing)} (Debian: poppler-utils, tesseract-ocr)")
    worker = Worker(Server(arguments.url, arguments.token), tool, arguments)
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, worker.stop)
    log(f"{worker.name} waits for jobs of {arguments.strategy} in {', '.join(arguments.queue)}")
    try:
        worker.run()
    except Refused as error:
        sys.exit(f"worker.py: {error}")


if __name__ == "__main__":
    main()

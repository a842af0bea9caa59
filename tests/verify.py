#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second reader of the journal, written from assay-journal.5. Python's standard library, and PyNaCl for Ed25519.

usage: verify.py DIR|SEGMENT.db|EXPORT|FILE.proof [--checkpoint FILE] [--key FILE] [--json]

Exit 0: the journal holds; 1: something does not; 2: usage. Changes no byte of what it reads."""

import argparse
import base64
import binascii
import hashlib
import json
import os
import re
import shutil
import sqlite3
import struct
import sys
import tempfile

import nacl.exceptions
import nacl.signing

WIDTH = 256
LEVELS = 8
NO_END = 1 << 63
TAIL_MAX = 3000
KEY_COLUMNS = {"segment": "key=NEW.key", "entry": "seq=NEW.seq", "gone": "seq=NEW.seq",
               "tile": "level=NEW.level AND n=NEW.n", "carry": "level=NEW.level", "checkpoint": "size=NEW.size"}
TABLES = [
    "CREATE TABLE segment(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE entry(seq INTEGER PRIMARY KEY, header BLOB NOT NULL, leaf BLOB NOT NULL,"
    " body TEXT NOT NULL, raw BLOB NOT NULL) STRICT",
    "CREATE TABLE tile(level INTEGER NOT NULL, n INTEGER NOT NULL, hashes BLOB NOT NULL, root BLOB NOT NULL,"
    " PRIMARY KEY(level, n)) STRICT, WITHOUT ROWID",
    "CREATE TABLE carry(level INTEGER PRIMARY KEY, n INTEGER NOT NULL, hashes BLOB NOT NULL) STRICT",
    "CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT",
    "CREATE TABLE gone(seq INTEGER PRIMARY KEY, body BLOB NOT NULL, raw BLOB NOT NULL) STRICT",
]


def sha(data):
    return hashlib.sha256(data).digest()


def node(left, right):
    return sha(b"\x01" + left + right)


def root_of(hashes):
    """RFC 6962 section 2.1 over hashes that are nodes already."""
    if not hashes:
        return sha(b"")
    stack = []  # (height, hash)
    for value in hashes:
        height = 0
        while stack and stack[-1][0] == height:
            value = node(stack.pop()[1], value)
            height += 1
        stack.append((height, value))
    value = stack.pop()[1]
    while stack:
        value = node(stack.pop()[1], value)
    return value


class Tree:
    def __init__(self, size=0, tiles=None):
        self.size = size
        self.tiles = tiles or [[] for _ in range(LEVELS)]

    def append(self, leaf):
        """Adds a leaf; returns the tiles it completes as (level, n, hashes, root)."""
        self.size += 1
        done = []
        value, span = leaf, WIDTH
        for level in range(LEVELS):
            self.tiles[level].append(value)
            if len(self.tiles[level]) < WIDTH:
                break
            hashes = self.tiles[level]
            value = root_of(hashes)
            done.append((level, self.size // span - 1, b"" if level == 0 else b"".join(hashes), value))
            self.tiles[level] = []
            span *= WIDTH
        return done

    def root(self):
        have = None
        for hashes in self.tiles:
            row = hashes + ([have] if have is not None else [])
            if row:
                have = root_of(row)
        return have if have is not None else sha(b"")


class Bad(Exception):
    pass


class Key:
    def __init__(self, line):
        match = re.fullmatch(r"([^+\n]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)\n?", line)
        try:
            typed = base64.b64decode(match.group(3), validate=True) if match else b""
        except binascii.Error:
            typed = b""
        if len(typed) != 33 or typed[0] != 1 or base64.b64encode(typed).decode() != match.group(3):
            raise Bad("not a public key")
        self.origin, self.public = match.group(1), typed[1:]
        self.id = sha(self.origin.encode() + b"\n\x01" + self.public)[:4]
        if self.id.hex() != match.group(2):
            raise Bad("the key id is not that of the key")

    def __eq__(self, other):
        return (self.origin, self.public) == (other.origin, other.public)


def b64(text, length):
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Bad("bad base64")
    if len(data) != length or base64.b64encode(data).decode() != text:
        raise Bad("bad base64")
    return data


def parse_note(note):
    match = re.fullmatch(r"([^\n]+)\n([0-9]+)\n([^\n]+)\n\n\u2014 ([^\n ]+) ([^\n ]+)\n", note)
    if not match:
        raise Bad("not a note")
    return match.group(1), int(match.group(2)), b64(match.group(3), 32), match.group(4), match.group(5)


def check_note(key, note):
    origin, size, root, name, signature = parse_note(note)
    if origin != key.origin or name != key.origin:
        raise Bad("another origin")
    signature = b64(signature, 68)
    if signature[:4] != key.id:
        raise Bad("another key")
    try:
        nacl.signing.VerifyKey(key.public).verify(note[:note.index("\n\n") + 1].encode(), signature[4:])
    except nacl.exceptions.BadSignatureError:
        raise Bad("bad signature")
    return size, root


def events_ok(raw):
    at = 0
    while at < len(raw):
        if len(raw) - at < 16 or not 1 <= raw[at] <= 7 or raw[at + 1:at + 4] != b"\0\0\0":
            return False
        length = struct.unpack_from(">I", raw, at + 4)[0]
        at += 16 + length
    return at == len(raw)


def references(value):
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in ("exchange", "exchange_seq") and type(item) is int:
                yield item
            yield from references(item)


def file_digest(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while True:
            part = file.read(1 << 20)
            if not part:
                return digest.hexdigest()
            digest.update(part)


class Segment:
    """An open segment; what has a log is read from a copy."""

    def __init__(self, path):
        self.copy = None
        log = path + "-wal"
        if os.path.exists(log) and os.path.getsize(log) > 0:
            self.copy = tempfile.mkdtemp()
            target = os.path.join(self.copy, "s.db")
            shutil.copyfile(path, target)
            shutil.copyfile(log, target + "-wal")
            self.db = sqlite3.connect(target)
        else:
            if not os.path.exists(path):
                raise Bad("the file is not there")
            quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
            self.db = sqlite3.connect("file:%s?mode=ro&immutable=1" % quoted, uri=True)
        self.db.text_factory = bytes
        rows = self.rows("SELECT key, value FROM segment")
        self.settings = {}
        for key, value in rows:
            self.settings[key.decode()] = value.decode() if isinstance(value, bytes) else value
        names = {"format", "number", "site", "origin", "first", "before_root", "before_file"}
        if set(self.settings) != names:
            raise Bad("its settings are not the seven of the format")
        if self.settings["format"] != "1" or not re.fullmatch("0|[1-9][0-9]*", self.settings["first"]):
            raise Bad("its settings are wrong")
        self.first = int(self.settings["first"])

    def rows(self, sql, *values):
        try:
            return list(self.db.execute(sql, values))
        except sqlite3.Error as error:
            raise Bad(str(error))

    def close(self):
        self.db.close()
        if self.copy:
            shutil.rmtree(self.copy)


class Reader:
    def __init__(self, directory, older, given):
        self.directory, self.given = directory, given
        self.tree, self.tree_good = Tree(), True
        self.findings = []
        self.keys, self.next_key, self.next_size, self.next_signed, self.signed = [], None, 0, False, 0
        self.given_seen = False
        self.first = None
        self.end = self.covered = 0
        self.before = None  # (number, path, end, covered)
        self.exchanges = set()
        self.site = ""
        self.stops = []  # [size, root, note, reached]
        self.gone = {}  # segment -> dict
        self.start_keys()
        if older is not None:
            self.stops.append(self.stop_of(older))
        if directory:
            path = os.path.join(directory, "journal", "checkpoint")
            if os.path.exists(path):
                with open(path, "rb") as file:
                    note = file.read()
                try:
                    origin, size, root, *_ = parse_note(note.decode())
                    self.stops.append([size, root, note.decode(), False])
                except (Bad, UnicodeDecodeError) as error:
                    self.found(0, None, "journal/checkpoint: %s" % error)

    def found(self, segment, seq, text):
        self.findings.append({"segment": segment, "seq": seq, "text": text})

    def start_keys(self):
        text = None
        if self.directory:
            for name in ("origin.first.pub", "origin.pub"):
                path = os.path.join(self.directory, "keys", name)
                if os.path.exists(path):
                    with open(path, encoding="utf-8") as file:
                        text = file.read()
                    break
        if text is not None:
            self.keys.append(Key(text))
        elif self.given:
            self.keys.append(self.given)
        else:
            raise Bad("no public key: give one with --key")

    @staticmethod
    def stop_of(text):
        if "\n\n" in text:
            origin, size, root, *_ = parse_note(text)
            return [size, root, text, False]
        words = text.split()
        if not 2 <= len(words) <= 3 or not words[-2].isdigit():
            raise Bad("neither a note nor SIZE ROOT")
        return [int(words[-2]), b64(words[-1], 32), None, False]

    def reach(self):
        for stop in self.stops:
            if not stop[3] and stop[0] == self.tree.size and self.tree_good:
                stop[3] = True
                if stop[1] != self.tree.root():
                    self.found(0, None, "the first %d entries do not agree with a checkpoint kept elsewhere" % stop[0])

    # one segment

    def schema(self, segment, number):
        want = set(TABLES)
        for table, key in KEY_COLUMNS.items():
            abort = " BEGIN SELECT RAISE(ABORT,'append-only'); END"
            want.add("CREATE TRIGGER %s_no_update BEFORE UPDATE ON %s%s" % (table, table, abort))
            want.add("CREATE TRIGGER %s_no_delete BEFORE DELETE ON %s%s" % (table, table, abort))
            want.add("CREATE TRIGGER %s_no_replace BEFORE INSERT ON %s WHEN EXISTS(SELECT 1 FROM %s WHERE %s)%s"
                     % (table, table, table, key, abort))
        have = [row[0].decode() for row in segment.rows("SELECT coalesce(sql,'') FROM sqlite_schema")]
        if sorted(have) != sorted(want):
            self.found(number, None, "tables or triggers are not those of the format")
        if segment.rows("PRAGMA application_id")[0][0] != 0x41534a31 or \
                segment.rows("PRAGMA user_version")[0][0] != 1:
            self.found(number, None, "application_id or user_version is wrong")

    def chain(self, segment, number):
        before_file = segment.settings["before_file"]
        if number == 1:
            if before_file or segment.first:
                self.found(1, None, "the first segment follows another")
        elif self.before:
            last, path, end, covered = self.before
            if end != segment.first:
                self.found(number, segment.first, "does not begin where the segment before ends")
            if not covered and before_file:
                self.found(number, segment.first, "the end of the segment before has no checkpoint")
            if before_file:
                digest = file_digest(path)
                if digest != before_file:
                    self.gone.setdefault(last, {}).update(sealed=before_file, found=digest)
        want, tiles, nodes = [], [[] for _ in range(LEVELS)], segment.first
        rows = segment.rows("SELECT level, n, hashes FROM carry ORDER BY level")
        for level in range(LEVELS):
            if nodes % WIDTH:
                want.append((level, nodes // WIDTH, nodes % WIDTH * 32))
            nodes //= WIDTH
        if [(a, b, len(c)) for a, b, c in rows] != want:
            self.found(number, segment.first, "carry is not what its first entry needs")
            return
        for level, n, hashes in rows:
            tiles[level] = [hashes[i:i + 32] for i in range(0, len(hashes), 32)]
        carried = Tree(segment.first, tiles)
        if carried.root().hex() != segment.settings["before_root"] or \
                (self.tree_good and (self.tree.size != carried.size or self.tree.tiles != carried.tiles)):
            self.found(number, segment.first, "the tree it begins with is not that of the entries before")
        if not self.tree_good:
            self.tree, self.tree_good = carried, True

    def key_entry(self, number, seq, body):
        line = body.get("key")
        if line is None and isinstance(body.get("state"), str):
            return
        try:
            key = Key(line if isinstance(line, str) else "")
            if key.origin != self.keys[-1].origin or self.next_key:
                raise Bad("another origin, or announced twice")
        except Bad as error:
            self.found(number, seq, "change of key: %s" % error)
            return
        self.next_key, self.next_size, self.next_signed = key, seq + 1, False

    def note(self, number, size, text):
        if self.next_key and size > self.next_size:
            if not self.next_signed:
                self.found(number, self.next_size - 1, "the old key did not sign for the new one")
            self.keys.append(self.next_key)
            self.next_key, self.signed = None, 0
        try:
            signed_size, root = check_note(self.keys[-1], text.decode())
        except (Bad, UnicodeDecodeError) as error:
            self.found(number, size, "checkpoint: %s" % error)
            return False
        if signed_size != size or root != self.tree.root():
            self.found(number, self.covered, "the checkpoint over %d entries does not agree with them" % size)
            return False
        self.signed += 1
        if self.next_key and size == self.next_size:
            self.next_signed = True
        if self.given and self.given == self.keys[-1]:
            self.given_seen = True
        return True

    def entry(self, number, segment, seq, kind, body, raw):
        if number > 1 and seq == segment.first:
            if kind != 19 or raw or body != b'{"segment":%d,"sha256":"%s"}' \
                    % (number - 1, segment.settings["before_file"].encode()):
                self.found(number, seq, "does not begin with the seal of the segment before")
        else:
            if kind == 19 or (kind == 1) == self.begun:
                self.found(number, seq, "genesis or seal is not where it belongs")
            if kind == 1 and not self.begun:
                try:
                    site = json.loads(body).get("site")
                    self.site = site if isinstance(site, str) else ""
                except (ValueError, AttributeError):
                    pass
                self.check_site(number, segment)
            self.begun = True
        if kind == 8:
            self.exchanges.add(seq)
            if not events_ok(raw):
                self.found(number, seq, "raw is no series of events")
        if kind in (12, 13, 14, 15, 20, 21):
            try:
                value = json.loads(body)
                if not isinstance(value, dict):
                    raise ValueError
            except ValueError:
                self.found(number, seq, "body is no JSON object")
                return
            if kind == 20:
                self.key_entry(number, seq, value)
            elif kind == 21:
                self.retention(seq, value)
            else:
                for other in references(value):
                    if other >= self.first and (other >= seq or other not in self.exchanges):
                        self.found(number, seq, "names an exchange that is not there")

    def check_site(self, number, segment):
        if self.site and segment.settings["site"] != self.site:
            self.found(number, None, "another site than the genesis entry's")

    def retention(self, seq, body):
        gone = self.gone.get(body.get("segment"))
        if gone and gone.get("sealed") == body.get("before"):
            gone["sealed"] = body.get("after")
            gone["from"] = min(gone.get("from", body["from"]), body["from"])
            gone["to"] = max(gone.get("to", body["to"]), body["to"])
            gone["by"] = seq

    def row(self, number, segment, row, gone):
        seq, header, leaf, body, raw, types = row[0], row[1], row[2], row[3], row[4], row[5]
        if types != b"blobblobtextblob" or len(header) != 80 or len(leaf) != 32 or header[:4] != b"ASJ1":
            raise Bad("columns or header are not of the format")
        kind, flags, sequence, wall, mono = struct.unpack_from(">HHQqQ", header, 4)
        line = header[48:72]
        body_length, raw_length = struct.unpack_from(">II", header, 72)
        if sequence != seq or line.rstrip(b"\0") != line.split(b"\0")[0]:
            raise Bad("header and row disagree")
        there = True
        if len(body) == body_length and len(raw) == raw_length:
            digests = sha(body) + sha(raw)
        elif not body and not raw and seq in gone and all(len(part) == 32 for part in gone[seq]):
            digests = b"".join(gone.pop(seq))
            there = False
            mark = self.gone.setdefault(number, {})
            mark.setdefault("first", seq)
            mark["last"] = seq
        else:
            raise Bad("header and contents disagree")
        own = sha(b"\x00" + header + digests)
        if own != leaf:
            self.found(number, seq, "contents and leaf disagree")
        if there or (number > 1 and seq == segment.first):
            self.entry(number, segment, seq, kind, body, raw)
        else:
            if kind in (1, 19):
                self.found(number, seq, "genesis or seal is not where it belongs")
            self.begun = True
        return own

    def segment(self, path, number, end):
        try:
            segment = Segment(path)
        except (Bad, sqlite3.Error, OSError) as error:
            self.found(number, None, "segment %04u: %s" % (number, error))
            self.tree_good, self.before = False, None
            return
        try:
            self.read(segment, path, number, end)
        except (Bad, sqlite3.Error) as error:
            self.found(number, None, "segment %04u: %s" % (number, error))
            self.tree_good = False
        finally:
            segment.close()

    def read(self, segment, path, number, end):
        if segment.settings["number"] != str(number):
            self.found(number, None, "bears another number")
        if self.first is None:
            self.first = segment.first
            self.begun = number > 1
        self.covered = max(self.covered, segment.first)
        self.schema(segment, number)
        if segment.settings["origin"] != self.keys[-1].origin:
            self.found(number, None, "another origin than the key's")
        self.check_site(number, segment)
        self.chain(segment, number)
        notes = segment.rows("SELECT size, note FROM checkpoint ORDER BY size")
        if not notes or notes[0][0] != segment.first:
            self.found(number, segment.first, "the checkpoint it begins with is missing")
        tiles = {(a, b): (c, d) for a, b, c, d in segment.rows("SELECT level, n, hashes, root FROM tile")}
        gone = {a: (b, c) for a, b, c in segment.rows("SELECT seq, body, raw FROM gone")}
        covered = None

        def signed():
            nonlocal covered
            while notes and notes[0][0] <= self.tree.size:
                size, text = notes.pop(0)
                if size < self.tree.size or not self.tree_good:
                    self.found(number, size, "a checkpoint that does not belong here")
                elif self.note(number, size, text):
                    covered = self.covered = size

        signed()
        self.reach()
        expected = segment.first
        for row in segment.db.execute(
                "SELECT seq, header, leaf, body, raw, typeof(header)||typeof(leaf)||typeof(body)||typeof(raw)"
                " FROM entry WHERE seq<=? ORDER BY seq", (end - 1,)):
            if row[0] != expected:
                self.found(number, expected, "entry %d is missing" % expected)
                self.tree_good = False
                expected = row[0]
            try:
                leaf = self.row(number, segment, row, gone)
            except Bad as error:
                self.found(number, expected, str(error))
                self.tree_good = False
                leaf = None
            expected += 1
            if self.tree_good:
                for level, n, hashes, root in self.tree.append(leaf):
                    if tiles.pop((level, n), None) != (hashes, root):
                        self.found(number, n * WIDTH, "tile %d of level %d does not agree" % (n, level))
                signed()
                self.reach()
        for size, text in notes:
            self.found(number, expected, "a checkpoint over %d entries, which are not there" % size)
        extra = [key for key in tiles if end == NO_END or (key[1] + 1) * WIDTH ** (key[0] + 1) <= end]
        if extra and self.tree_good:
            self.found(number, None, "tiles that no entry made: %s" % extra)
        if gone:
            self.found(number, None, "digests of payloads that are not gone: %s" % sorted(gone))
        self.before = (number, path, expected, covered == expected)
        self.end = expected

    # the whole

    def finish(self):
        for stop in self.stops:
            if stop[2]:
                for key in self.keys:
                    try:
                        check_note(key, stop[2])
                        break
                    except Bad:
                        pass
                else:
                    self.found(0, None, "a checkpoint kept elsewhere is signed by nobody we know")
            if not stop[3] and stop[0] >= (self.first or 0):
                self.found(0, None, "a checkpoint over %d entries was signed, they cannot be followed" % stop[0])
        for number, gone in sorted(self.gone.items()):
            good = gone.get("found") is not None and gone.get("sealed") == gone.get("found") and \
                gone.get("by", NO_END) < self.covered and \
                ("first" not in gone or (gone["from"] <= gone["first"] and gone["last"] <= gone["to"]))
            if not good:
                self.found(number, gone.get("first"), "the file is not the one that was sealed, or payloads are gone")
        if self.given and not self.given_seen:
            self.found(0, None, "no checkpoint was signed with the key given")
        if self.directory:
            path = os.path.join(self.directory, "keys", "origin.pub")
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    own = Key(file.read())
                just_changed = len(self.keys) > 1 and self.signed == 1 and own == self.keys[-2]
                if own != self.keys[-1] and not just_changed and not (self.next_key and own == self.next_key):
                    self.found(0, None, "origin.pub is not the key in force")
        if self.end - self.covered > TAIL_MAX:
            self.found(0, self.covered, "too long a tail without a checkpoint")

    def run(self, path=None):
        if path:
            self.segment(path, int(re.match("[0-9]*", os.path.basename(path)).group() or 0), NO_END)
        else:
            journal = os.path.join(self.directory, "journal")
            numbers = [int(name[:4]) for name in os.listdir(journal) if re.fullmatch(r"[0-9]{4}\.db", name)]
            if not numbers:
                raise Bad("there is no journal")
            for number in range(1, max(numbers) + 1):
                name = os.path.join(journal, "%04u.db" % number)
                if not os.path.exists(name):
                    self.found(number, None, "segment %04u is missing" % number)
                    self.tree_good, self.before = False, None
                    continue
                self.segment(name, number, self.given_up(journal, name, number, max(numbers)))
        self.finish()

    @staticmethod
    def given_up(journal, name, number, last):
        log = name + "-wal"
        if number == last or not os.path.exists(log) or os.path.getsize(log) == 0:
            return NO_END
        try:
            after = Segment(os.path.join(journal, "%04u.db" % (number + 1)))
        except (Bad, sqlite3.Error, OSError):
            return NO_END
        end = NO_END if after.settings["before_file"] else after.first
        after.close()
        return end


def path_root(leaf, index, size, path):
    """RFC 9162 section 2.1.3.2."""
    if index >= size:
        return None
    fn, sn, value = index, size - 1, leaf
    for other in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            value = node(other, value)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = node(value, other)
        fn, sn = fn >> 1, sn >> 1
    return value if sn == 0 else None


def field64(text):
    if text == "-":
        return b""
    data = base64.b64decode(text, validate=True)
    if not data or base64.b64encode(data).decode() != text:
        raise Bad("bad base64")
    return data


def pointers(value):
    """Members that point at something else: (what, value)."""
    if isinstance(value, list):
        for item in value:
            yield from pointers(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in ("exchange", "fill") and type(item) is int and item >= 0:
                yield name, item
            elif isinstance(item, str) and item and name in ("batch", "test", "result"):
                yield name, item
            elif isinstance(item, str) and item and name.endswith("sha256"):
                yield "sha256", item
            yield from pointers(item)


def check_proof(data, given):
    """The verdict of a proof file; raises Bad with the line."""
    line_number = 0

    def bad(what):
        return Bad("proof, line %d: %s" % (line_number, what))

    try:
        if not data.endswith(b"\n"):
            raise Bad("it is not complete")
        lines = data.decode("ascii")[:-1].split("\n")
        line_number = 1
        if lines[0] != "assay-proof 1" or not lines[1].startswith("batch ") or not lines[2].startswith("key ") \
                or not lines[3].startswith("note "):
            raise Bad("its head is wrong")
        batch, key = lines[1][6:], Key(lines[2][4:])
        if given and given != key:
            raise Bad("another key than the one given")
        size, root = check_note(key, field64(lines[3][5:]).decode())
        last, there, verdict = -1, set(), None
        for line_number, line in enumerate(lines[4:-1], 5):
            word, number, header, body, raw, path = line.split(" ")
            if not re.fullmatch("[0-9a-f]{160}", header) or not re.fullmatch("-|[0-9a-f]{64}(,[0-9a-f]{64})*", path):
                raise Bad("header or path is wrong")
            header, body, raw = bytes.fromhex(header), field64(body), field64(raw)
            kind, flags, seq = struct.unpack_from(">HHQ", header, 4)
            name = header[48:72]
            if word != "entry" or header[:4] != b"ASJ1" or str(seq) != number or seq <= last or \
                    struct.unpack_from(">II", header, 72) != (len(body), len(raw)) or \
                    name.rstrip(b"\0") != name.split(b"\0")[0]:
                raise Bad("the entry's header is wrong")
            last = seq
            leaf = sha(b"\0" + header + sha(body) + sha(raw))
            steps = [] if path == "-" else [bytes.fromhex(part) for part in path.split(",")]
            if path_root(leaf, seq, size, steps) != root:
                raise Bad("entry %d is not in the tree that was signed" % seq)
            value = json.loads(body)
            if kind == 8:
                there.add(("exchange", seq))
                if not events_ok(raw):
                    raise Bad("entry %d: raw is no series of events" % seq)
            elif kind == 5:
                if value.get("sha256") != sha(raw).hex():
                    raise Bad("entry %d: the spec is not the one its digest names" % seq)
                there.add(("sha256", value["sha256"]))
            elif kind == 48:  # what sha256sum prints of the files, sorted by path
                listed = "".join(f"{digest}  {path}\n" for path, digest in sorted(value["files"].items(), key=lambda one: one[0].encode()))
                if value.get("sha256") != sha(listed.encode()).hex():
                    raise Bad("entry %d: the list of specs is not what its digest says" % seq)
                there.add(("sha256", value["sha256"]))
            elif kind == 6:
                there.add(("sha256", value["sha256"]))
            elif 9 <= kind <= 16:
                own = {9: "batch", 10: "test", 14: "result"}.get(kind)
                there.add(("fill", seq) if kind == 12 else (own, value.get(own)))
                if any(pointer not in there for pointer in pointers(value)):
                    raise Bad("entry %d names what is not in the file" % seq)
                if kind == 15 and value.get("result"):
                    there.add(("verdict", value["result"]))
                elif kind == 15:
                    if any(("verdict", item["result"]) not in there for item in value.get("results", [])):
                        raise Bad("entry %d: a verdict it rests on is not in the file" % seq)
                    if value.get("batch") == batch:
                        verdict = value["verdict"]
        line_number = len(lines)
        if lines[-1] != "end " + sha(data[:data.rindex(b"\n", 0, -1) + 1]).hex():
            raise Bad("the digest at its end is wrong")
        if not verdict:
            raise Bad("there is no verdict of the batch in it")
        return batch, verdict
    except Bad as error:
        raise bad(str(error))
    except (ValueError, IndexError, KeyError, AttributeError, struct.error) as error:
        raise bad(str(error))


def proof(data, given, as_json):
    try:
        batch, verdict = check_proof(data, given)
    except Bad as error:
        print(json.dumps({"ok": False, "text": str(error)}) if as_json else error)
        return 1
    print(json.dumps({"ok": True, "batch": batch, "verdict": verdict}) if as_json else "%s: %s" % (batch, verdict))
    return 0


def root_of_row(row, size):
    """The RFC 6962 root of complete subtrees (first, count, hash) that lie side by side from 0 to size."""
    at, peaks = 0, []
    for first, count, value in sorted(row):
        if first != at or count < 1 or count & (count - 1) or first % count:
            raise Bad("entry %d is neither there nor in a subtree" % at)
        at += count
        while peaks and peaks[-1][0] == count:
            value, count = node(peaks.pop()[1], value), 2 * count
        peaks.append((count, value))
    if at != size or not peaks:
        raise Bad("the subtrees end at %d" % at)
    value = peaks.pop()[1]
    while peaks:
        value = node(peaks.pop()[1], value)
    return value


def check_export(folder, given):
    """What assay export wrote: leaves, order, digests, signature, and the signed root from the entries and tree.txt. Tables
    are known by their digests alone."""
    findings = []

    def text(name):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return file.read()

    names = set(os.listdir(folder)) - {"SHA256SUMS"}
    try:
        sums = dict(reversed(line.split("  ", 1)) for line in text("SHA256SUMS").splitlines())
    except (OSError, ValueError, UnicodeDecodeError):
        sums = {}
    for name in sorted(names | set(sums)):
        if name not in names or name not in sums or file_digest(os.path.join(folder, name)) != sums[name]:
            findings.append("%s: its digest is another" % name)
    size = root = None
    if "checkpoint" in names:
        try:
            size, root = check_note(given or Key(text("origin.pub")), text("checkpoint"))
        except (Bad, OSError, UnicodeDecodeError) as error:
            findings.append("checkpoint: %s" % error)
    tree, seqs, same, row = Tree(), [], None, []
    with open(os.path.join(folder, "entries.jsonl"), "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                entry = json.loads(line.decode())
                header, raw = bytes.fromhex(entry["header"]), bytes.fromhex(entry["raw"])
                body, seq = entry["body_text"].encode(), entry["seq"]
                if (len(header) != 80 or header[:4] != b"ASJ1" or struct.unpack(">Q", header[8:16])[0] != seq
                        or struct.unpack(">II", header[72:80]) != (len(body), len(raw))
                        or sha(b"\0" + header + sha(body) + sha(raw)).hex() != entry["leaf"]
                        or entry["body"] != (json.loads(entry["body_text"]) if body else None)
                        or (seqs and seq <= seqs[-1])):
                    raise ValueError
            except (ValueError, KeyError, TypeError, struct.error):
                findings.append("entries.jsonl, line %d: the entry does not hold" % number)
                continue
            seqs.append(seq)
            if size and seq < size:
                row.append((seq, 1, bytes.fromhex(entry["leaf"])))
            if seq == tree.size:
                tree.append(bytes.fromhex(entry["leaf"]))
                if tree.size == size:
                    same = tree.root() == root
    if size and seqs and seqs[0] == 0 and seqs[-1] + 1 >= size and not same:
        findings.append("the entries do not give the signed root")
    elif size:
        try:
            lines = [line.split(" ") for line in text("tree.txt").splitlines()]
            if root_of_row(row + [(int(first), int(count), bytes.fromhex(value)) for first, count, value in lines], size) != root:
                raise Bad("another root")
        except (Bad, OSError, ValueError) as error:
            findings.append("entries and tree.txt do not give the signed root: %s" % error)
    return findings, seqs, bool(same)


def export(folder, given, as_json):
    findings, seqs, whole = check_export(folder, given)
    if as_json:
        print(json.dumps({"ok": not findings, "entries": len(seqs), "whole": whole, "findings": findings[:1000]}))
    else:
        for finding in findings:
            print(finding)
        print("%d entries, %s: %s" % (len(seqs), "every one there" if whole else "a part",
                                      "the export holds" if not findings else "%d findings" % len(findings)))
    return 1 if findings else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("target")
    parser.add_argument("--checkpoint")
    parser.add_argument("--key")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        older = open(options.checkpoint, encoding="utf-8").read() if options.checkpoint else None
        given = Key(open(options.key, encoding="utf-8").read()) if options.key else None
        single = os.path.isfile(options.target)
        if single:
            with open(options.target, "rb") as file:
                start = file.read(12)
                if start == b"assay-proof ":
                    return proof(start + file.read(), given, options.json)
        if os.path.exists(os.path.join(options.target, "entries.jsonl")):
            return export(options.target, given, options.json)
        reader = Reader(None if single else options.target, older, given)
        reader.run(options.target if single else None)
    except (Bad, OSError) as error:
        print("verify.py: %s" % error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({"ok": not reader.findings, "entries": reader.end - (reader.first or 0),
                          "covered": reader.covered, "root": reader.tree.root().hex(),
                          "findings": reader.findings[:1000]}))
    else:
        for finding in reader.findings:
            print("segment %04u, entry %s: %s" % (finding["segment"], finding["seq"], finding["text"]))
        print("%d entries, root %s: %s" % (reader.end - (reader.first or 0), reader.tree.root().hex(),
              "the journal holds" if not reader.findings else "%d findings" % len(reader.findings)))
    return 1 if reader.findings else 0


if __name__ == "__main__":
    sys.exit(main())

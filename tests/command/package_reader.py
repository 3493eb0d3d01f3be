"""What docs/formats/{package,queue,bundle}.md say, read by a program that knows nothing else: packages, queue files, bundles in clear and sealed. Strict: whatever the documents
do not allow is an error. Everything is a list of dictionaries in the order of the file."""
import ctypes
import ctypes.util
import hashlib

PACKAGE_LIMITS = {2: 10_000, 3: 1_000_000, 4: 10_000}
HEAD = "text uuid, text form, text version, number checksum, text case, text corrects, text reason"
SITTING = "number first, number mode, text actor, text organisation, text device, text agent, number clock_known, signed clock_offset"
EVENT = "number sequence, signed utc, signed zone, signed mono, number action, text item, text entry, text value, number missing, text reason"
FILE = "text name, text media_type, number size, digest content, digest sealed"
PACKAGE = {1: HEAD, 2: SITTING, 3: EVENT, 4: FILE, 5: "number events, number phase"}
THINGS = {  # kind: identity, rest; "*" repeats to the end
    1: ("text study, digest project_key", "number rehearsal, bytes participant_key, bytes secret_key"),
    2: ("text id, text version, bytes block", "text actor, signed utc, signed zone, * text name, bytes content"),
    3: ("text form, text id, number is_set, text value, text actor, signed utc, signed zone", ""),
    4: ("text form, text id, text assigned, text organisation, signed assigned_when, number listed, number returned, text comment, signed returned_when, * text name, text value", ""),
    5: ("digest hash, number uploaded", "digest content, bytes content_bytes"),
    6: ("bytes package", "text version_uuid"),
    9: ("text form, text key, text interview", ""),
    12: ("text uuid, text who, text why, signed utc, signed zone", "text organisation"),
    14: ("text form, text version, text checksum, text name, digest sha256", "text actor, signed utc, signed zone, bytes content"),
}
sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")


class Wrong(Exception):
    pass


class Bytes:
    def __init__(self, content, at=0):
        self.content, self.at = content, at

    def more(self):
        return self.at < len(self.content)

    def take(self, n):
        if n > len(self.content) - self.at:
            raise Wrong(f"cut at byte {len(self.content)}")
        self.at += n
        return self.content[self.at - n:self.at]

    def number(self):
        n = shift = 0
        while True:
            byte = self.take(1)[0]
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        if n >= 1 << 64 or (byte == 0 and shift > 7):
            raise Wrong(f"a number that is not in its shortest form at byte {self.at}")
        return n

    def signed(self):
        n = self.number()
        return n >> 1 if n & 1 == 0 else -(n >> 1) - 1

    def bytes(self):
        return self.take(self.number())

    def text(self):
        said = self.bytes()
        if self.take(1) != b"\0" or b"\0" in said:
            raise Wrong(f"a text without its end at byte {self.at}")
        return said.decode("utf-8")

    def digest(self):
        return self.take(32)

    def fields(self, description):
        """A dictionary of what the description names; fields behind "*" repeat, as the list "more"."""
        fixed, star, again = description.partition("*")
        read = lambda part: {name: getattr(self, kind)() for kind, name in (field.split() for field in part.split(",") if field.strip())}
        found = read(fixed)
        if star:
            found["more"] = []
            while self.more():
                found["more"].append(read(again))
        if self.more():
            raise Wrong("something stands behind the last field")
        return found


def read_package(content, draft=False):
    """{head, sittings, events, files, end}: every event knows its sitting."""
    if content[:5] != b"SVYP\x01" or len(content) > 16 << 20:
        raise Wrong("no package")
    at, frames = Bytes(content, 5), []
    while at.more():
        kind = at.take(1)[0]
        if kind not in PACKAGE:
            raise Wrong(f"a frame of kind {kind}")
        frames.append({"kind": kind, **Bytes(at.bytes()).fields(PACKAGE[kind])})
    kinds = [frame["kind"] for frame in frames]
    if kinds[:1] != [1] or kinds.count(1) != 1 or 5 in kinds[:-1] or (kinds[-1] != 5 and not draft):
        raise Wrong(f"frames in another order: {kinds}")
    if any(kinds.count(kind) > most for kind, most in PACKAGE_LIMITS.items()):
        raise Wrong("too many frames")
    sitting, events = None, []
    for frame in frames:
        if frame["kind"] == 2:
            sitting = frame
            if frame["first"] != len(events) + 1 or not 1 <= frame["mode"] <= 6 or frame["clock_known"] > 1:
                raise Wrong(f"a sitting out of its place: {frame}")
        if frame["kind"] == 3:
            events.append({**frame, "sitting": sitting})
            if frame["sequence"] != len(events) or sitting is None:
                raise Wrong(f"an event out of its place: {frame}")
    end = frames[-1] if kinds[-1] == 5 else None
    if end and end["events"] != len(events):
        raise Wrong("an end with another number of events")
    return {"head": frames[0], "sittings": [f for f in frames if f["kind"] == 2], "events": events, "files": [f for f in frames if f["kind"] == 4], "end": end}


def open_box(box, public, secret):
    out = ctypes.create_string_buffer(max(len(box) - 48, 1))
    if sodium.crypto_box_seal_open(out, bytes(box), ctypes.c_ulonglong(len(box)), public, secret) != 0:
        raise Wrong("a box that this key does not open")
    return out.raw[:len(box) - 48]


def read_queue(content, public, secret):
    """([packages], {SHA-256 of the sealed item: content of the file}). A file stands before the package that names it."""
    if content[:5] != b"SVYQ\x01":
        raise Wrong("no queue")
    at, packages, files = Bytes(content, 5), [], {}
    while at.more():
        box = at.bytes()
        inside = open_box(box, public, secret)
        if inside[:4] == b"SVYP":
            packages.append(read_package(inside))
            for file in packages[-1]["files"]:
                if hashlib.sha256(files[file["sealed"]]).digest() != file["content"] or len(files[file["sealed"]]) != file["size"]:
                    raise Wrong(f"a file that is not what the package says: {file}")
        else:
            files[hashlib.sha256(box).digest()] = inside
    return packages, files


def chained(parts):
    """BLAKE2b-256 over parts, each preceded by its length in 8 bytes, little-endian."""
    h = hashlib.blake2b(digest_size=32)
    for part in parts:
        h.update(len(part).to_bytes(8, "little") + part)
    return h.digest()


def read_bundle(content):
    """Things of a bundle in clear: {kind, digest, identity: {...}, rest: {...}}; of kinds this page leaves to others the bytes."""
    if content[:5] != b"SVYB\x01":
        raise Wrong("no bundle")
    at, frames, things = Bytes(content, 5), [], []
    while at.more():
        start = at.at
        kind, body = at.take(1)[0], Bytes(at.bytes())
        frames.append(content[start:at.at])
        if kind == 15:
            break
        identity, rest = body.bytes(), body.content[body.at:]
        thing = {"kind": kind, "digest": chained([kind.to_bytes(8, "little"), identity])[:16], "identity": identity, "rest": rest}
        if kind in THINGS:
            thing["identity"], thing["rest"] = Bytes(identity).fields(THINGS[kind][0]), Bytes(rest).fields(THINGS[kind][1])
        things.append(thing)
    if at.more() or kind != 15 or things[0]["kind"] != 1:
        raise Wrong("a bundle without its head or its end")
    end = Bytes(body.bytes()).fields("number frames, digest all_of_them")
    if body.more() or end["frames"] != len(frames) - 1 or end["all_of_them"] != chained(frames[:-1]):
        raise Wrong("an end that does not fit")
    return things


def open_bundle(content, passphrase):
    """The bundle inside a file sealed with a passphrase."""
    if content[:5] != b"SVYX\x01":
        raise Wrong("no sealed bundle")
    key, state = ctypes.create_string_buffer(32), ctypes.create_string_buffer(sodium.crypto_secretstream_xchacha20poly1305_statebytes())
    said = passphrase.encode()
    argon2id13 = 2
    if sodium.crypto_pwhash(key, ctypes.c_ulonglong(32), said, ctypes.c_ulonglong(len(said)), content[5:21], ctypes.c_ulonglong(3), ctypes.c_size_t(64 << 20), argon2id13) != 0:
        raise MemoryError
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, content[21:45], key)
    out, tag = bytearray(), ctypes.c_ubyte(0)
    for start in range(45, len(content), 65536 + 17):
        piece = content[start:start + 65536 + 17]
        clear, size = ctypes.create_string_buffer(65536 + 17), ctypes.c_ulonglong(0)
        if tag.value == 3 or sodium.crypto_secretstream_xchacha20poly1305_pull(state, clear, ctypes.byref(size), ctypes.byref(tag), piece, ctypes.c_ulonglong(len(piece)), None, ctypes.c_ulonglong(0)) != 0:
            raise Wrong("a piece that this passphrase does not open")
        out += clear.raw[:size.value]
    if tag.value != 3:                      # crypto_secretstream_xchacha20poly1305_TAG_FINAL
        raise Wrong("the last piece is missing")
    return bytes(out)

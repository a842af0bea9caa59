"""120 Modbus TCP devices under a soft limit of 128 descriptors: each must be online and give its own address back."""
import os
import resource
import selectors
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time

LINES = 120


def serve(listener):
    """Register 0 holds the last byte of the address that was called."""
    poll = selectors.DefaultSelector()
    poll.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in poll.select():
            if key.fileobj is listener:
                peer, _ = listener.accept()
                poll.register(peer, selectors.EVENT_READ)
                continue
            request = key.fileobj.recv(12)
            if len(request) < 12:
                poll.unregister(key.fileobj)
                key.fileobj.close()
                continue
            last = int(key.fileobj.getsockname()[0].split(".")[3])
            key.fileobj.sendall(request[:2] + struct.pack(">HHBBBH", 0, 5, request[6], request[7], 2, last))


def main():
    listener = socket.create_server(("0.0.0.0", 0), backlog=LINES)
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    folder = tempfile.mkdtemp(prefix="assay-many-")
    with open(folder + "/lab.xml", "w", encoding="utf-8") as out:
        out.write('<lab site="test" origin="test.assay.example" name-zh="测" name-en="test" listen="">\n')
        for i in range(1, LINES + 1):
            out.write('<line id="d%d" name-zh="%d" name-en="%d"><modbus-tcp host="127.2.0.%d" port="%d"/><instrument id="d%d" '
                      'name-zh="%d" name-en="%d" driver="modbus" every="200ms"><item channel="r" function="3" address="0" '
                      'type="u16"/></instrument></line>\n' % (i, i, i, i, listener.getsockname()[1], i, i, i))
        out.write("</lab>\n")
    process = subprocess.Popen([os.environ["ASSAY"], "serve", "-d", folder], stdout=subprocess.DEVNULL,
                               preexec_fn=lambda: resource.setrlimit(
                                   resource.RLIMIT_NOFILE, (128, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    found, until = {}, time.monotonic() + 60
    while len(found) < LINES and time.monotonic() < until:
        time.sleep(0.1)
        try:
            db = sqlite3.connect("file:%s/state.db?mode=ro" % folder, uri=True)
            found = dict(db.execute("SELECT l.instrument, json_extract(list,'$[0][1]') FROM latest AS l"
                                    " JOIN readings AS r ON r.seq=l.seq"))
            db.close()
        except sqlite3.Error:
            pass
    process.send_signal(signal.SIGTERM)
    code = process.wait(30)
    shutil.rmtree(folder)
    wrong = [i for i in range(1, LINES + 1) if found.get("d%d" % i) != str(i)]
    if wrong or code != 0:
        sys.exit("not online, or another's value: %s; exit code %d" % (wrong, code))


main()

# SPDX-License-Identifier: Apache-2.0
"""The pages' own files with an invented state behind them, for looking at states that the demonstration does not reach: silent and
dead lines, a refused reading, a feed that breaks off. Nothing of this is in the product; the test of the real binary is run.py.

    python3 tests/e2e/fixture.py [PORT]     serve until Ctrl-C; /break ends the live feeds, /mend lets them come back
"""

import http.server
import json
import math
import os
import sys
import threading
import time
from datetime import datetime, timedelta, timezone

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
          "frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'")
START = datetime.now(timezone.utc)


def ago(**past):
    return (datetime.now(timezone.utc) - timedelta(**past)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def channel(name, zh, en, value, unit, low="", high="", flags=("stable",), reason="", at=None, seq=0):
    return {"channel": name, "name_zh": zh, "name_en": en, "band_low": low, "band_high": high, "value": value, "unit": unit,
            "flags": list(flags), "reason": reason, "at": at or ago(seconds=1), "seq": seq or int(time.time() * 5), "idx": 0, "band": ""}


def instrument(id_, zh, en, model, channels, due="", location="理化室"):
    return {"instrument": id_, "driver": "sics", "driver_sha256": "a" * 64, "spec": "x.xml", "name_zh": zh, "name_en": en, "model": model,
            "serial": "", "serial_seen": "B123", "model_seen": "", "calibrated_until": due, "location": location, "needed": 0, "channels": channels}


def line(id_, zh, en, transport, address, settings, status, since, instruments, text_zh="", text_en="", code=""):
    return {"line": id_, "transport": transport, "address": address, "settings": settings, "name_zh": zh, "name_en": en, "status": status,
            "code": code, "text_zh": text_zh, "text_en": text_en, "since": since, "instruments": instruments}


def weight():
    t = time.time()
    left = 6 - (t - START.timestamp()) % 12
    return f"{24.7219 + (0.0004 * math.sin(t * 3) * max(0, left)):.4f}", ("stable",) if left < 0 else ("dynamic",)


def lines():
    value, flags = weight()
    oven = f"{103.1 + 0.3 * math.sin(time.time() / 3):.1f}"
    return [
        line("com1", "COM1", "COM1", "serial", "/dev/ttyS0", "9600 8N1", "online", ago(hours=5), [
            instrument("balance-1", "天平 1", "Balance 1", "XPR205", [channel("weight", "称量值", "weight", value, "g", flags=flags)], "2099-03-02")]),
        line("com2", "COM2", "COM2", "serial", "/dev/ttyS1", "9600 8O1", "silent", ago(minutes=26), [
            instrument("balance-2", "天平 2", "Balance 2", "Quintix 224", [channel("weight", "称量值", "weight", "0.0000", "g", at=ago(minutes=26), seq=7)], "2099-01-18")],
             "没有应答。请检查仪器电源与线路设置", "no answer; check the instrument's power and the line's settings", "no-answer"),
        line("bus-a", "RS-485 A", "RS-485 A", "modbus-rtu", "/dev/ttyS2", "9600 8N1", "online", ago(hours=5), [
            instrument("oven-1", "烘箱 1", "Oven 1", "E5CC", [channel("pv", "实测", "PV", oven, "°C", "101", "105"), channel("sp", "设定", "SP", "103.0", "°C")]),
            instrument("oven-2", "烘箱 2", "Oven 2", "E5CC", [channel("pv", "实测", "PV", "92.4", "°C", "101", "105"), channel("sp", "设定", "SP", "103.0", "°C")]),
            instrument("incubator", "培养箱 1", "Incubator 1", "E5CC", [channel("pv", "实测", "PV", "36.1", "°C", "35", "37"), channel("sp", "设定", "SP", "36.0", "°C")], "2020-01-01")]),
        line("climate", "理化室", "Laboratory", "modbus-tcp", "192.0.2.21:502", "", "online", ago(hours=5), [
            instrument("climate", "理化室温湿度", "Room climate", "XY-MD02", [channel("t", "温度", "temperature", "22.4", "°C", "15", "30"), channel("rh", "湿度", "humidity", "46.0", "%RH")])]),
        line("com5", "COM5", "COM5", "serial", "/dev/ttyS5", "9600 8N1", "down", ago(minutes=19), [
            instrument("ph", "pH 计", "pH meter", "FE28", [channel("ph", "pH", "pH", "6.81", "", at=ago(minutes=19), seq=8)])],
             "线路断开。请检查插头与电源，网关会自动重连", "the line hung up; check plug and power, the gateway connects again by itself", "hang-up"),
    ]


def hexed(text):
    return text.encode().hex().upper()


def frames():
    value, flags = weight()
    n = int(time.time() * 2)
    word = "S S" if flags[0] == "stable" else "S D"

    def frame(k, who, where, received, fate, readings, outcome="ok", detail=""):
        return {"seq": n - k, "line": where, "instrument": who, "at": ago(seconds=k * 1.3), "outcome": outcome, "solicited": 1,
                "received": received, "detail": detail, "fate": fate, "readings": readings}

    def reading(v, u, fl="stable", reason=""):
        return {"channel": "c", "value": v, "unit": u, "flags": [fl] if fl else [], "reason": reason}
    return [
        frame(0, "balance-1", "com1", hexed(f"{word}    {value} g\r\n"), "" if flags[0] == "dynamic" else "unassigned", [reading(value, "g", flags[0])]),
        frame(1, "oven-1", "bus-a", "01030404070406C800", "evidence", [reading("103.1", "°C")]),
        frame(2, "balance-1", "com1", hexed("S S    22.9841 g\r\n"), "filled", [reading("22.9841", "g")]),
        frame(3, "balance-1", "com1", hexed("S I\r\n"), "", [reading("", "", "", "busy")]),
        frame(4, "balance-1", "com1", hexed("S S    22984.1 mg\r\n"), "refused", [reading("22984.1", "mg")], detail="单位不符：收到 mg，此格要 g"),
        frame(5, "balance-2", "com2", "", "", [], "timeout"),
        frame(6, "balance-1", "com1", hexed("S +\r\n"), "", [reading("", "", "over", "over")]),
        frame(7, "ph", "com5", hexed("<script>alert(1)</script>\t6.81\r\n"), "unassigned", [reading("6.81", "")]),
    ]


def slot(name, zh, en, rep, status, value="", ordinal=1, repeat=1, **more):
    return dict({"slot": name, "name_zh": zh, "name_en": en, "unit": "g", "replicate": rep, "ordinal": ordinal, "repeat": repeat, "status": status,
                 "instrument": "balance-1" if status != "empty" else "", "value": value, "typed": False, "reason": "", "reason_zh": "", "reason_en": "",
                 "at": ago(minutes=30) if status == "filled" else "", "exchange_seq": 100, "exchange_idx": 0, "seq": 100 + rep * 10 + ordinal}, **more)


STEPS = [{"zh": "X₁ = (23.1486 − 22.9841) ÷ (23.1486 − 20.1127) × 100 = 5.41849(+)", "en": "X₁ = (23.1486 − 22.9841) ÷ (23.1486 − 20.1127) × 100 = 5.41849(+)"},
         {"zh": "平行样相差 0.6 %，允许 ≤ 10 %", "en": "duplicates differ by 0.6 %, at most 10 % allowed"}]


def test_of(batch, name, value="", verdict="", text="", armed=False, evidence="in"):
    done = bool(value) or verdict == "undetermined"
    dish, wet, dry = ("m3", "称量皿", "dish"), ("m1", "皿 + 试样", "dish + sample"), ("m2", "皿 + 干燥后试样", "dish + dried sample")
    slots = [slot(*dish, 1, "filled", "20.1127"), slot(*wet, 1, "filled", "23.1486"), slot(*dry, 1, "filled", "22.9873", 1, 8),
             slot(*dry, 1, "filled", "22.9841", 2, 8), slot(*dish, 2, "filled", "21.7046"), slot(*wet, 2, "filled", "24.8962"),
             slot(*dry, 2, "filled", "24.7227", 1, 8), slot(*dry, 2, "armed" if armed else "filled", "" if armed else "24.7219", 2, 8)]
    limit = {"standard": "GB 17401-2014", "clause": "3.3 表 2", "text": "≤ 7 g/100g"}
    result = {"result": f"R-{batch}", "value": value, "unit": "g/100g", "exact": "5.43391(+)" if value else "", "derivation": STEPS, "seq": 207, "verdict": {
        "verdict": verdict, "reasons": [], "standard": "GB 17401-2014", "clause": "3.3 表 2", "limit": "≤ 7 g/100g", "compared": f"{value} ≤ 7",
        "text_zh": text, "text_en": text, "derivation": [{"zh": "与限量比较，未修约", "en": "compared with the limit, not rounded"}], "seq": 208}} if done else None
    return {"test": f"{batch}.1", "batch": batch, "position": 1, "analyte": "moisture", "analyte_zh": "水分", "analyte_en": "moisture",
            "method": "gb-5009.3-direct", "method_standard": "GB 5009.3-2016", "method_zh": "直接干燥法", "method_en": "direct drying",
            "formula": "(m1-m2)/(m1-m3)*100", "unit": "g/100g", "status": "done" if done else "testing", "evidence_instrument": "oven-1", "limit": limit,
            "slots": slots, "calculated": [
                {"name": "sample", "name_zh": "试样 m₁−m₃", "name_en": "sample m₁−m₃", "replicate": 1, "value": "3.0359", "unit": "g", "low": "2", "high": "10"},
                {"name": "sample", "name_zh": "试样 m₁−m₃", "name_en": "sample m₁−m₃", "replicate": 2, "value": "3.1916", "unit": "g", "low": "2", "high": "10"},
                {"name": "x", "name_zh": "水分 X", "name_en": "moisture X", "replicate": 1, "value": "5.42", "unit": "", "low": "", "high": "7"},
                {"name": "x", "name_zh": "水分 X", "name_en": "moisture X", "replicate": 2, "value": "" if armed else "5.43", "unit": "", "low": "", "high": "7"}],
            "evidence": [{"role": "oven", "instrument": "oven-1", "channel": "pv", "unit": "°C", "from": ago(hours=4), "to": ago(minutes=1),
                          "min": "102.6" if evidence == "in" else "91.7", "max": "103.5", "count": 1440, "low": "101", "high": "105", "status": evidence}],
            "result": result, "batch_name": name, "lot": "20261120-A", "sample": f"S{batch[1:]}-1"}


def batch_of(id_, name, status, verdict="", attention="", done=1, text="", days=0, producer="禾香食品"):
    return {"batch": id_, "product": "puffed-snack", "product_zh": "膨化食品", "product_en": "puffed food", "name": name, "producer": producer,
            "lot": f"2026112{days}-A", "produced": f"2026-11-2{days}", "amount": "500 g", "origin": "sent-in", "sample": f"S{id_[1:]}-1",
            "received": ago(hours=2 + days * 5), "status": status, "verdict": verdict, "reasons": [], "text_zh": text, "text_en": text,
            "scope": {"tests": ["moisture"], "text_zh": "只判定了所委托的项目：水分。农药残留和兽药残留未判定。", "text_en": "Only the ordered tests were judged: moisture. Pesticides and veterinary drugs were not judged."},
            "attention_zh": attention, "attention_en": attention, "seq": 300, "tests_done": done, "tests_total": 1}


BATCHES = {
    "B26-1123-01": (batch_of("B26-1123-01", "香米锅巴", "awaiting-release", "pass", text="水分 5.43 g/100g，不超过 7 g/100g，合格。"), ("5.43", "pass", "in")),
    "B26-1123-02": (batch_of("B26-1123-02", "玉米脆片", "awaiting-review", "fail", "水分 8.46 g/100g，超过 7", text="水分 8.46 g/100g，超过限量 7 g/100g，不合格。", days=1), ("8.46", "fail", "in")),
    "B26-1123-03": (batch_of("B26-1123-03", "虾味条 <b>x</b>", "awaiting-review", "undetermined", "干燥温度低于 101 °C", text="不能判定：干燥时烘箱低于 101 °C。", days=2, producer="蒸味坊"), ("", "undetermined", "low")),
    "B26-1123-04": (batch_of("B26-1123-04", "雪饼", "testing", done=0), ("", "", "")),
    "B26-1123-05": (batch_of("B26-1123-05", "薯片", "to-test", done=0), ("", "", "")),
    "B26-1120-09": (batch_of("B26-1120-09", "米果", "void", days=3), ("", "", "")),
}


def full(id_):
    batch, (value, verdict, evidence) = BATCHES[id_]
    tests = [test_of(id_, batch["name"], value, verdict, batch["text_zh"], armed=not verdict, evidence=evidence or "in")]
    return dict({k: v for k, v in batch.items() if not k.startswith("tests_")}, tests=tests, reviews=[])


def trace(result):
    id_ = result[2:]
    test = full(id_)["tests"][0]
    readings = []
    for k, s in enumerate(s for s in test["slots"] if s["status"] == "filled"):
        text = f"S S    {s['value']} g\r\n"
        readings.append({"slot": s["slot"], "replicate": s["replicate"], "ordinal": s["ordinal"], "value": s["value"], "unit": "g", "typed": False,
                         "exchange": {"seq": 100 + k, "kind": "exchange", "at": ago(minutes=30 - k), "line": "com1", "leaf": "47dc2b9955d66821" * 4,
                                      "events": [{"direction": "tx", "at_ns": 0, "hex": hexed("S\r\n")}, {"direction": "rx", "at_ns": 1, "hex": hexed(text)}],
                                      "received": hexed(text)}, "frame_at": 0, "frame_length": len(text), "value_at": 7, "value_length": 7, "unit_at": 15, "unit_length": 1,
                         "instrument": "balance-1", "serial": "B123456789", "driver": {"name": "sics", "version": "1.0", "sha256": "b81d55e2" * 8}})
    return {"result": test["result"], "limit": dict(test["limit"], source="GB 17401-2014 as printed", confidence="high", file="standards/gb-17401-2014.xml", sha256="3fa91c07" * 8, line=21),
            "method": {"id": "gb-5009.3-direct", "file": "methods/gb-5009.3-direct.xml", "sha256": "9c0e77aa" * 8}, "batch": id_, "test": f"{id_}.1", "readings": readings, "steps": STEPS}


def counts():
    out = dict.fromkeys(["all", "open", "to-test", "testing", "awaiting-review", "awaiting-release", "released", "void", "pass", "fail", "undetermined"], 0)
    for batch, _ in BATCHES.values():
        for kind in ["all", batch["status"], batch["verdict"]] + (["open"] if batch["status"] not in ("released", "void") else []):
            if kind:
                out[kind] += 1
    return out


def topics():
    return {"gateway": {"version": "0.1.0", "site": "demo", "name_zh": "理化室", "name_en": "Physical chemistry", "state": "ready", "applied": 204817},
            "lines": lines(), "bench": {"tests": [test_of("B26-1123-04", "雪饼", armed=True)]}, "frames": frames(), "batches": {"counts": counts(), "waiting": [b for b, _ in BATCHES.values() if b["status"] == "awaiting-review"]}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    broken = threading.Event()

    def log_message(self, *_):
        pass

    def send(self, body, kind="application/json", status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def json(self, value, status=200):
        self.send(json.dumps(value, ensure_ascii=False).encode(), status=status)

    def events(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        while not Handler.broken.is_set():
            for name, data in dict(topics(), tick={"now": ago()}).items():
                self.wfile.write(f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode())
            self.wfile.flush()
            time.sleep(0.4)

    def do_GET(self):
        path = self.path.split("?")[0]
        parts = path.strip("/").split("/")
        try:
            if path in ("/break", "/mend"):
                (Handler.broken.set if path == "/break" else Handler.broken.clear)()
                self.json({})
            elif path == "/api/v1/events":
                self.json({"title": "no"}, 503) if Handler.broken.is_set() else self.events()
            elif path == "/api/v1/login":
                self.json({"name_zh": "", "name_en": "", "first_admin": False, "anonymous_read": True, "me": None})
            elif path == "/api/v1/history":
                self.json({"readings": []})
            elif path == "/api/v1/batches":
                self.json({"batches": [b for b, _ in BATCHES.values()], "next": "", "total": len(BATCHES), "took_us": 900})
            elif parts[:3] == ["api", "v1", "batches"] and len(parts) == 4 and parts[3] in BATCHES:
                self.json(full(parts[3]))
            elif parts[:3] == ["api", "v1", "results"] and parts[3][2:] in BATCHES:
                self.json(trace(parts[3]))
            else:
                self.asset(path)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def asset(self, path):
        name = "index.html" if path == "/" else os.path.basename(path)
        where = f"{ROOT}/build/ui/node_modules/htm/preact/{name}" if name == "standalone.module.js" else f"{ROOT}/gateway/ui/{name}"
        if not os.path.isfile(where):
            self.json({"title": "没有这个地址", "status": 404, "code": "no-such-page", "text_zh": "没有这个地址", "text_en": "there is nothing at this address"}, 404)
            return
        with open(where, "rb") as file:
            self.send(file.read(), TYPES[os.path.splitext(name)[1]])


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # a browser that hangs up is no news


def serve(port=0):
    Handler.broken.clear()
    server = Server(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    served = serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(f"http://127.0.0.1:{served.server_address[1]}", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        served.shutdown()

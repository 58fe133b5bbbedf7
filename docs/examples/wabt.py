#!/usr/bin/env python3
"""wabt's validator as an engine for Etalon: `etalon validate m.wasm --engine 'cmd:python3 docs/examples/wabt.py'`.

It only says whether a module is valid, with `wasm-validate` from the path: a decoder and validator that no other engine here
shares. The protocol is in docs/engine-protocol.md: one JSON object a line.
"""
import base64, json, subprocess, sys, tempfile

# What turns a feature on or off. What is on by default and always on is not here.
FLAGS = {
    "mutable-global": ("", "--disable-mutable-globals"),
    "nontrapping-float-to-int-conversions": ("", "--disable-saturating-float-to-int"),
    "sign-extension-ops": ("", "--disable-sign-extension"),
    "multi-value": ("", "--disable-multi-value"),
    "reference-types": ("", "--disable-reference-types"),
    "bulk-memory": ("", "--disable-bulk-memory"),
    "simd": ("", "--disable-simd"),
    "extended-const": ("--enable-extended-const", ""),
    "tail-call": ("--enable-tail-call", ""),
    "multi-memory": ("--enable-multi-memory", ""),
    "relaxed-simd": ("--enable-relaxed-simd", ""),
    "threads": ("--enable-threads", ""),
}
flags = [on for on, _ in FLAGS.values() if on]
file = tempfile.NamedTemporaryFile(suffix=".wasm")


def outcome(kind, **more):
    return {"outcome": {"kind": kind, **more}}


def validate(request):
    file.seek(0)
    file.truncate()
    file.write(base64.b64decode(request["wasm"]))
    file.flush()
    ran = subprocess.run(["wasm-validate", "--ignore-custom-section-errors", *flags, file.name], capture_output=True)
    if ran.returncode == 0:
        return outcome("returned")
    said = ran.stderr.decode(errors="replace").replace(file.name + ":", "").strip()
    if ran.returncode < 0:
        return outcome("crashed", text=f"wasm-validate was ended by signal {-ran.returncode}")
    return outcome("rejected", phase="malformed-or-invalid", text=said)


for line in sys.stdin:
    request = json.loads(line)
    what = request["do"]
    if what == "hello":
        version = subprocess.run(["wasm-validate", "--version"], capture_output=True, text=True)
        answer = {"protocol": 1, "name": "wabt", "version": version.stdout.strip(), "can": ["open"]}
    elif what == "open":
        wanted = set(request["features"])
        flags = [flag for name, pair in FLAGS.items() if (flag := pair[name not in wanted])]
        answer = outcome("returned")
    elif what == "validate":
        answer = validate(request)
    elif what == "quit":
        break
    else:
        answer = {"error": f"it cannot {what}"}
    print(json.dumps({"id": request["id"], **answer}), flush=True)

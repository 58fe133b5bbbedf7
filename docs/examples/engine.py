#!/usr/bin/env python3
"""An engine for Etalon over pywasm: `etalon diff m.wasm --engine oracle,cmd:python3 docs/examples/engine.py`.

Without pywasm it says that it can do nothing but decode the header, which is an engine too. The protocol is in
docs/engine-protocol.md: one JSON object a line.
"""
import base64, io, json, struct, sys, zlib

try:
    import pywasm
except ImportError:
    pywasm = None

modules, instances = {}, []
# Its words for traps, in those of the official scripts.
WORDS = {
    "integer modulo by zero": "integer divide by zero",
    "cannot convert float NaN to integer": "invalid conversion to integer",
}


def load(wasm):
    data = base64.b64decode(wasm)
    if data[:8] != b"\0asm\1\0\0\0":
        raise ValueError("magic header or version not detected")
    return pywasm.core.ModuleDesc.from_reader(io.BytesIO(data)) if pywasm else data


def value(text):  # "i32:-7", "f64:0x3ff0000000000000"
    kind, _, text = text.partition(":")
    if kind in ("i32", "i64"):
        return int(text)
    bits = struct.pack("<I" if kind == "f32" else "<Q", int(text, 16))
    return struct.unpack("<f" if kind == "f32" else "<d", bits)[0]


def text(kind, number):
    if kind in ("i32", "i64"):
        return f"{kind}:{number}"
    pack, unpack, digits = ("<f", "<I", 8) if kind == "f32" else ("<d", "<Q", 16)
    return f"{kind}:0x{struct.unpack(unpack, struct.pack(pack, number))[0]:0{digits}x}"


def outcome(kind, **more):
    return {"outcome": {"kind": kind, **more}}


def act(work):
    try:
        return work()
    except RecursionError as error:
        return outcome("exhausted", text=str(error))
    except Exception as error:  # pywasm has one kind of error, whose text says what is wrong
        return outcome("trapped", text=WORDS.get(str(error), str(error)))


def check(request):
    try:
        modules[request.get("module")] = load(request["wasm"])
        return outcome("returned")
    except Exception as error:
        return outcome("rejected", phase="malformed-or-invalid", text=str(error))


def instantiate(request):
    if request["imports"]:
        return outcome("rejected", phase="unsupported", feature="imports", text="no imports here")
    runtime = pywasm.core.Runtime()
    instances.append((runtime, runtime.instance(modules[request["module"]])))
    return {**outcome("returned"), "instance": len(instances) - 1}


def memory(instance, name):
    runtime, inside = instances[instance]
    found = [export.data for export in inside.exps if export.name == name and export.data.kind == 2]
    data = runtime.machine.store.mems[found[0].data].data if found else b""
    return {"bytes": len(data), "crc32": zlib.crc32(data)} if found and len(data) <= 1 << 24 else None


def watched(answer, request):
    names = request["watch"].get("memories", [])
    return {**answer, "memories": [memory(request["instance"], name) for name in names]}


def call(instance, one):
    if set(one["params"] + one["results"]) - {"i32", "i64", "f32", "f64"}:
        return outcome("rejected", phase="unsupported", feature="types", text="only numbers here")
    runtime, inside = instances[instance]
    runtime.machine.stack = pywasm.core.Stack()  # a trap leaves on it what was there
    results = runtime.invocate(inside, one["export"], [value(arg) for arg in one["args"]])
    return outcome("returned", values=[text(k, v) for k, v in zip(one["results"], results)])


for line in sys.stdin:
    request = json.loads(line)
    what, answers = request["do"], []
    if what == "hello":
        can = ["prepare", "instantiate", "memories"] if pywasm else []
        answers = [{"protocol": 1, "name": "pywasm", "version": "2", "can": can}]
    elif what in ("validate", "prepare"):
        answers = [check(request)]
    elif what == "instantiate":
        answers = [act(lambda: instantiate(request))]
    elif what == "invoke":
        made = (act(lambda one=one: call(request["instance"], one)) for one in request["calls"])
        answers = (watched(answer, request) for answer in made)
    elif what == "memory":
        answers = [{**outcome("returned"), "memories": [memory(request["instance"], request["memory"])]}]
    elif what in ("reset", "forget"):
        instances[:] = [] if what == "reset" else instances
        answers = [outcome("returned")]
    elif what == "quit":
        break
    else:
        answers = [{"error": f"it cannot {what}"}]
    for answer in answers:
        print(json.dumps({"id": request["id"], **answer}), flush=True)
        if answer.get("outcome", {}).get("kind") in ("exhausted", "rejected"):
            break

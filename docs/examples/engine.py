#!/usr/bin/env python3
"""An engine for Etalon over pywasm: `etalon diff m.wasm --engine 'oracle,cmd:python3 docs/examples/engine.py'`.

Without pywasm it only looks at the header, which is an engine too. The protocol is in docs/engine-protocol.md: one JSON object a line.
"""
import base64, io, json, struct, sys

try:
    import pywasm
except ImportError:
    pywasm = None

# Its words for traps, in those of the official scripts.
WORDS = {"integer modulo by zero": "integer divide by zero", "cannot convert float NaN to integer": "invalid conversion to integer"}
FLOATS = {"f32": ("<f", "<I", 8), "f64": ("<d", "<Q", 16)}
modules, instances = {}, []

def value(text):  # "i32:-7", "f64:0x3ff0000000000000"
    kind, _, text = text.partition(":")
    number, bits, _ = FLOATS.get(kind, (None, None, None))
    return struct.unpack(number, struct.pack(bits, int(text, 16)))[0] if number else int(text)

def text(kind, value):
    if kind not in FLOATS:
        return f"{kind}:{value}"
    number, bits, digits = FLOATS[kind]
    return f"{kind}:0x{struct.unpack(bits, struct.pack(number, value))[0]:0{digits}x}"

def ended(kind, **more):
    return {"outcome": {"kind": kind, **more}}

def check(request):
    try:
        wasm = base64.b64decode(request["wasm"])
        assert wasm[:8] == b"\0asm\1\0\0\0", "magic header or version not detected"
        modules[request.get("module")] = pywasm and pywasm.core.ModuleDesc.from_reader(io.BytesIO(wasm))
        return ended("returned")
    except Exception as error:
        return ended("rejected", phase="malformed-or-invalid", text=str(error))

def act(work, *given):
    try:
        return work(*given)
    except NotImplementedError as error:
        return ended("rejected", phase="unsupported", feature="types", text=f"no {error} here")
    except RecursionError as error:
        return ended("exhausted", text=str(error))
    except Exception as error:  # pywasm has one kind of error, whose text says what is wrong
        return ended("trapped", text=WORDS.get(str(error), str(error)))

def instantiate(request):
    if request["imports"]:
        raise NotImplementedError("imports")
    runtime = pywasm.core.Runtime()
    instances.append((runtime, runtime.instance(modules[request["module"]])))
    return {**ended("returned"), "instance": len(instances) - 1}

def call(instance, one):
    if {*one["params"], *one["results"]} - {"i32", "i64", "f32", "f64"}:
        raise NotImplementedError("types that are no numbers")
    runtime, inside = instances[instance]
    runtime.machine.stack = pywasm.core.Stack()  # a trap leaves on it what was there
    results = runtime.invocate(inside, one["export"], [value(arg) for arg in one["args"]])
    return ended("returned", values=[text(kind, result) for kind, result in zip(one["results"], results)])

CAN = ["prepare", "instantiate"] if pywasm else []
ANSWERS = {
    "hello": lambda request: [{"protocol": 1, "name": "pywasm", "version": "2", "can": CAN}],
    "validate": lambda request: [check(request)],
    "prepare": lambda request: [check(request)],
    "instantiate": lambda request: [act(instantiate, request)],
    "invoke": lambda request: (act(call, request["instance"], one) for one in request["calls"]),
    "reset": lambda request: [instances.clear() or ended("returned")],
    "forget": lambda request: [ended("returned")],
    "quit": lambda request: sys.exit(),
}
for line in sys.stdin:
    request = json.loads(line)
    for answer in ANSWERS.get(request["do"], lambda request: [{"error": f"it cannot {request['do']}"}])(request):
        print(json.dumps({"id": request["id"], **answer}), flush=True)
        if answer.get("outcome", {}).get("kind") in ("exhausted", "rejected"):
            break  # there is no answer to the calls behind it

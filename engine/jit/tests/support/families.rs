//! Families of modules: one for each construct, of any size. The text of a member grows as its size does, so whatever is made of it
//! should too.

use std::fmt::Write as _;

/// A family: its name, a size to begin with, and the member of a size in the text format.
pub(crate) type Family = (&'static str, usize, fn(usize) -> String);

/// All families.
pub(crate) const FAMILIES: &[Family] = &[
    ("blocks nested", 1000, |n| body(&nest(n, "block\n", "end\n"))),
    ("blocks in a row", 1000, |n| body(&"(block (br_if 0 (local.get 0)))\n".repeat(n))),
    ("loops nested", 1000, |n| body(&nest(n, "loop\n", "end\n"))),
    ("ifs nested", 1000, |n| body(&nest(n, "local.get 0 if\n", "end\n"))),
    ("ifs in a row", 1000, |n| {
        body(&"(if (local.get 0) (then (local.set 0 (i32.const 1))))\n".repeat(n))
    }),
    ("branches to one label", 2000, |n| {
        body(&format!("block {} end", "(br_if 0 (local.get 0))\n".repeat(n)))
    }),
    ("branches to nested labels", 500, |n| {
        let branches = numbered(n, "(br_if @ (local.get 0))\n");
        body(&format!("{}{branches}{}", "block\n".repeat(n), "end\n".repeat(n)))
    }),
    ("branches with values", 300, |n| {
        let branches = numbered(n, "(local.get 0) (br_if @ (local.get 0)) drop\n");
        let blocks = "block (result i32)\n".repeat(n);
        body(&format!("{blocks}{branches}(i32.const 1){}drop", "end\n".repeat(n)))
    }),
    ("branches back", 1000, |n| {
        let again = "(br_if 0 (i32.lt_s (local.get 0) (i32.const 0)))\n".repeat(n);
        body(&format!("loop {again} end"))
    }),
    ("loops in a row", 500, |n| {
        body(&"(loop (br_if 0 (i32.lt_s (local.get 0) (i32.const 0))))\n".repeat(n))
    }),
    ("returns", 2000, |n| body(&"(if (local.get 0) (then (return)))\n".repeat(n))),
    ("ifs with results nested", 300, |n| {
        let open = "(local.get 0) if (result i32)\n".repeat(n);
        body(&format!("{open}(i32.const 1){}drop", "else (i32.const 2) end\n".repeat(n)))
    }),
    ("br_table targets", 4000, |n| {
        body(&format!("block block local.get 0 br_table {} 1 end end", "0 1 ".repeat(n / 2)))
    }),
    ("br_tables", 500, |n| body(&"(block (block (br_table 0 1 0 1 (local.get 0))))\n".repeat(n))),
    ("try_tables nested", 500, |n| body(&nest(n, "try_table (catch $x 0)\n", "call $g\nend\n"))),
    ("handlers around calls", 200, |n| {
        let tries = nest(n, "try_table (catch $x 0) (catch $y 0)\n", "end\n");
        body(&tries.replacen("end\n", &format!("{}end\n", "call $g\n".repeat(n)), 1))
    }),
    ("throws", 500, |n| {
        let throws = "(if (local.get 0) (then (throw $x)))\n".repeat(n);
        body(&format!("block try_table (catch $x 0)\n{throws} end end"))
    }),
    ("handlers in a row", 300, |n| {
        body(&"(block (try_table (catch $x 0) (catch_all 0) (call $g)))\n".repeat(n))
    }),
    ("calls by a table", 500, |n| {
        body(&"(if (local.get 0) (then (call_indirect $t (type $v) (i32.const 0))))\n".repeat(n))
    }),
    ("fills", 500, |n| {
        body(&"(memory.fill (local.get 0) (i32.const 0) (i32.const 0))\n".repeat(n))
    }),
    ("divisions", 1000, |n| {
        body(
            &numbered(n, "(global.set 0 (i32.div_s (i32.const @) (global.get 0)))\n")
                .replace("(global.get 0)", "(i32.or (i32.const 1) (global.get 0))"),
        )
    }),
    ("conversions", 500, |n| {
        body(&numbered(
            n,
            "(global.set 0 (i32.trunc_f64_s (f64.add (f64.const @) (f64.convert_i32_s (global.get 0)))))\n",
        ))
    }),
    ("floats", 1000, |n| {
        body(&numbered(
            n,
            "(global.set 0 (i32.trunc_sat_f64_s (f64.add (f64.const @) (f64.convert_i32_s (global.get 0)))))\n",
        ))
    }),
    ("vectors", 500, |n| {
        body(&numbered(
            n,
            "(global.set 0 (i8x16.extract_lane_u 1 (i8x16.swizzle (v128.const i64x2 @ 1) (i8x16.splat (local.get 0)))))\n",
        ))
    }),
    ("calls", 1000, |n| body(&"(call $g)\n".repeat(n))),
    ("calls of as many functions", 500, |n| {
        body(&numbered(n, "(call $f@)\n")) + &numbered(n, "(func $f@)\n") + ")"
    }),
    ("locals", 2000, |n| {
        let text = numbered(n, "(local.set @ (i32.add (local.get 0) (i32.const @)))\n");
        format!("{PREFIX} (func (export \"f\") (param i32) (local {}) {text}))", "i32 ".repeat(n))
    }),
    // All are set first and read last, with as long a text between.
    ("locals kept", 200, |n| {
        let set = numbered(n, "(local.set @ (i32.load (local.get 0)))\n");
        let text = "(local.set 0 (i32.add (local.get 0) (local.get 1)))\n".repeat(n);
        let read = numbered(n, "(global.set 0 (local.get @))\n");
        let locals = "i32 ".repeat(n);
        format!("{PREFIX} (func (export \"f\") (param i32) (local {locals}) {set}{text}{read}))")
    }),
    ("locals and blocks", 200, |n| {
        let text = numbered(n, "(block (br_if 0 (local.get 0)) (local.set @ (local.get 0)))\n");
        format!("{PREFIX} (func (export \"f\") (param i32) (local {}) {text}))", "i32 ".repeat(n))
    }),
    ("params", 100, |n| wide(n, 40, "param")),
    ("results", 100, |n| wide(n, 10, "result")),
    ("values alive", 1000, |n| {
        body(&(numbered(n, "(i32.add (local.get 0) (i32.const @))\n") + &"drop\n".repeat(n)))
    }),
    ("values alive across blocks", 200, |n| {
        let values = numbered(n, "(i32.add (local.get 0) (i32.const @))\n");
        let blocks = "(block (br_if 0 (local.get 0)) (call $g))\n".repeat(n);
        body(
            &(values
                + &blocks
                + &"(i32.store (i32.const 0))\n"
                    .replace("(i32.store (i32.const 0))", "global.set 0")
                    .repeat(n)),
        )
    }),
    ("constants", 2000, |n| body(&numbered(n, "(global.set 0 (i32.const 1@))\n"))),
    ("loads that are summed", 200, |n| {
        let sum = numbered(n, "(i32.load offset=@ (local.get 0)) i32.add\n");
        body(&format!("(i32.const 0) {sum} global.set 0"))
    }),
    ("calls that are summed", 200, |n| {
        let sum = "(call $h (local.get 0)) i32.xor\n".repeat(n);
        body(&format!("(i32.const 0) {sum} global.set 0"))
    }),
    ("labels with values", 300, |n| {
        let block = format!("block (result {})", "i64 ".repeat(100));
        body(&format!(
            "(return) {block} unreachable br_table {} 0 end {}",
            "0 ".repeat(n),
            "drop ".repeat(100)
        ))
    }),
    ("functions of many locals", 20, |n| {
        let locals = "i32 ".repeat(5000);
        module(&format!("(func (local {locals}))").repeat(n))
    }),
    ("loads", 1000, |n| body(&numbered(n, "(global.set 0 (i32.load offset=@ (local.get 0)))\n"))),
    ("data", 500, |n| module(&numbered(n, "(data (i32.const @) \"abc\")\n"))),
    ("bytes of data", 20_000, |n| module(&format!("(data \"{}\")", "a".repeat(n)))),
    ("elements", 1000, |n| module(&format!("(table 1 funcref) (elem func {})", "$g ".repeat(n)))),
    ("types", 500, |n| module(&numbered(n, "(type (struct (field i32) (field (ref null @))))\n"))),
    ("function types", 100, |n| {
        let of = |i: usize| format!("(type (func (param {})))\n", bits(i, 12));
        module(&(0..n).map(of).collect::<String>())
    }),
    ("types in one group", 500, |n| {
        let fields = numbered(n, "(type $r@ (struct (field (ref null $r@))))\n");
        module(&format!("(rec {fields})"))
    }),
    ("groups", 300, |n| {
        module(&numbered(
            n,
            "(rec (type $a@ (struct (field (ref null $b@)))) (type $b@ (array i8)))\n",
        ))
    }),
    ("supertypes in a row", 60, |n| {
        // Types may be 63 deep, so there are rows of rows.
        let row = |r: usize| {
            (0..8).fold(format!("(type $t{r}_0 (sub (struct)))\n"), |mut text, i| {
                _ = writeln!(text, "(type $t{r}_{} (sub $t{r}_{i} (struct)))", i + 1);
                text
            })
        };
        module(&(0..n).map(row).collect::<String>())
    }),
    ("br_on_casts", 300, |n| {
        body(
            &"(block (result anyref) (br_on_cast 0 anyref (ref i31) (ref.null any)))\ndrop\n"
                .repeat(n),
        )
    }),
    ("accesses to structures", 300, |n| {
        body(&"(global.set 0 (struct.get $s 0 (struct.new $s (local.get 0))))\n".repeat(n))
    }),
    ("reads of the last of many fields", 1200, |n| {
        let (fields, last) = ("(field i32) ".repeat(n), n - 1);
        let reads = format!("(drop (struct.get $wide {last} (local.get 0)))\n").repeat(n);
        module(&format!("(type $wide (struct {fields})) (func (param (ref null $wide)) {reads})"))
    }),
    ("functions", 500, |n| module(&"(func (param i32) (result i32) (local.get 0))\n".repeat(n))),
    ("exports", 500, |n| module(&numbered(n, "(export \"e@\" (func $g))\n"))),
    ("globals", 500, |n| module(&numbered(n, "(global i32 (i32.const @))\n"))),
];

const PREFIX: &str = "(module (memory 1) (global (mut i32) (i32.const 0))
  (tag $x) (tag $y) (type $s (struct (field (mut i32))))
  (type $v (func)) (table $t 1 funcref) (elem $t (i32.const 0) func $g)
  (func $h (param i32) (result i32) (local.get 0)) (func $g)";

/// A member without the tags and structures that some members use. The text of those is none then.
#[allow(dead_code, reason = "not all who have the families ask for it")]
pub(crate) fn plain(text: &str) -> String {
    let kept =
        |line: &&str| line.trim() != "(tag $x) (tag $y) (type $s (struct (field (mut i32))))";
    text.lines().filter(kept).collect::<Vec<_>>().join("\n")
}

fn body(text: &str) -> String {
    let closed = if text.contains("$f0") { "" } else { ")" };
    format!("{PREFIX} (func (export \"f\") (param i32)\n{text}){closed}")
}

fn module(text: &str) -> String {
    format!("{PREFIX} (func (export \"f\") (param i32))\n{text})")
        .replace("(field (ref null 0))", "(field (ref null $s))")
}

fn nest(n: usize, open: &str, close: &str) -> String {
    open.repeat(n) + &close.repeat(n)
}

/// A line for each number, which stands where `@` is.
fn numbered(n: usize, line: &str) -> String {
    (0..n).map(|i| line.replace('@', &i.to_string())).collect()
}

/// A number as types.
fn bits(number: usize, count: usize) -> String {
    (0..count).map(|bit| if number >> bit & 1 == 1 { "i64 " } else { "i32 " }).collect()
}

/// A function of so many parameters or results, called a number of times.
fn wide(width: usize, calls: usize, what: &str) -> String {
    let types = "i32 ".repeat(width);
    let constants = numbered(width, "(i32.const @)\n");
    let (before, within, after) = if what == "param" {
        (constants, String::new(), String::new())
    } else {
        (String::new(), constants, "drop\n".repeat(width))
    };
    let call = format!("{before} (call $w) {after}").repeat(calls);
    format!(
        "{PREFIX} (func $w ({what} {types}) {within}) (func (export \"f\") (param i32) {call}))"
    )
}

//! The book: who is to be charged for gas, while it is taken.

use crate::bill::{Call, FunctionBill, OperatorBill, SegmentBill, Tree};
use etalon::unstable::{FuncAddr, GasCell, Observer, Opcode};
use etalon::{Schedule, Site};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Calls that the trees of a scenario have together.
const MOST_CALLS: usize = 1 << 18;
/// Calls inside each other that a tree has.
const MOST_DEEP: usize = 512;

/// What is known of the module before it runs.
#[derive(Debug)]
pub(crate) struct Prices {
    pub(crate) schedule: Arc<Schedule>,
    /// By function of the module: the slots of its frame; imports have none.
    pub(crate) frames: Vec<u64>,
}

/// An entry of the book's stack.
#[derive(Debug)]
struct Open {
    function: u32,
    /// What all had taken when it began.
    begun: u64,
    /// Its place in the tree.
    call: usize,
    /// Whether it is of the host.
    is_host: bool,
    /// What it adds to the depth.
    slots: u64,
}

#[derive(Debug, Default)]
struct Row {
    calls: u64,
    inclusive: u64,
    exclusive: u64,
    active: u64,
}

/// What is open, and what was taken since the step began.
#[derive(Debug)]
pub(crate) struct Book {
    prices: Prices,
    cell: Option<Arc<GasCell>>,
    /// Gas that was left when somebody was last charged.
    left: u64,
    taken: u64,
    outside: u64,
    open: Vec<Open>,
    depth: u64,
    deepest: u64,
    rows: BTreeMap<u32, Row>,
    /// By opcode: how often it began, and its gas.
    operators: Vec<(u64, u64)>,
    /// Functions that were entered, and what that cost.
    entries: (u64, u64),
    /// Dynamic charges of constant expressions.
    constants: u64,
    last: Option<Opcode>,
    segments: Segments,
    tree: Tree,
    /// Calls that trees may still have.
    room: usize,
    /// The calls that a call made, by its place and the function.
    made: FxHashMap<(Option<usize>, u32), usize>,
}

/// The gas segments that ran.
#[derive(Debug, Default)]
struct Segments {
    rows: Vec<SegmentBill>,
    /// By function and offset of the first operator: the row.
    places: FxHashMap<(u32, u32), usize>,
    /// The row that the last operator belongs to.
    row: usize,
    /// Whether that operator was not the last of its segment.
    is_open: bool,
}

impl Segments {
    /// An operator begins. The first of all begins a segment, and so does one that comes after a cut.
    fn operator(&mut self, site: Site, weight: u64, is_cut: bool) {
        if !self.is_open {
            let rows = &mut self.rows;
            self.row = *self.places.entry((site.func, site.offset)).or_insert_with(|| {
                let (function, offset) = (site.func, site.offset);
                rows.push(SegmentBill { function, offset, ..SegmentBill::default() });
                rows.len() - 1
            });
            self.rows[self.row].count += 1;
        }
        self.is_open = !is_cut;
        self.add(weight);
    }

    fn add(&mut self, gas: u64) {
        if let Some(row) = self.rows.get_mut(self.row) {
            row.gas = row.gas.saturating_add(gas);
        }
    }

    /// All of them, in the order of the module.
    fn take(&mut self) -> Vec<SegmentBill> {
        let mut rows = std::mem::take(self).rows;
        rows.sort_by_key(|row| (row.function, row.offset));
        rows
    }
}

/// A book that an observer and the functions of the host write to.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<Mutex<Book>>);

/// What the book says of a step.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) taken: u64,
    pub(crate) outside: u64,
    pub(crate) depth: u64,
    pub(crate) functions: Vec<FunctionBill>,
    pub(crate) operators: Vec<OperatorBill>,
    pub(crate) segments: Vec<SegmentBill>,
    pub(crate) tree: Tree,
}

impl Shared {
    pub(crate) fn new(prices: Prices) -> Shared {
        Shared(Arc::new(Mutex::new(Book {
            prices,
            cell: None,
            left: 0,
            taken: 0,
            outside: 0,
            open: Vec::new(),
            depth: 0,
            deepest: 0,
            rows: BTreeMap::new(),
            operators: vec![(0, 0); Opcode::ALL.len()],
            entries: (0, 0),
            constants: 0,
            last: None,
            segments: Segments::default(),
            tree: Tree::default(),
            room: MOST_CALLS,
            made: FxHashMap::default(),
        })))
    }

    /// A store runs on one thread at a time, so the lock is never waited for.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// A step begins.
    pub(crate) fn begin(&mut self, cell: Arc<GasCell>) {
        self.left = cell.left();
        self.cell = Some(cell);
        (self.taken, self.outside, self.depth, self.deepest) = (0, 0, 0, 0);
        self.open.clear();
        self.rows.clear();
        self.operators.fill((0, 0));
        (self.entries, self.constants) = ((0, 0), 0);
        self.made.clear();
        self.last = None;
        self.segments = Segments::default();
        self.tree = Tree::default();
    }

    /// It has ended; what is still open stopped there.
    pub(crate) fn end(&mut self, name: impl Fn(u32) -> String) -> Page {
        self.charge();
        while !self.open.is_empty() {
            self.close();
        }
        let rows = std::mem::take(&mut self.rows).into_iter();
        let functions = rows.map(|(index, row)| FunctionBill {
            index,
            name: name(index),
            calls: row.calls,
            inclusive: row.inclusive,
            exclusive: row.exclusive,
        });
        let operators = self.operator_bills();
        self.room = self.room.saturating_sub(self.tree.calls.len());
        Page {
            taken: self.taken,
            outside: self.outside,
            depth: self.deepest,
            functions: functions.collect(),
            operators,
            segments: self.segments.take(),
            tree: std::mem::take(&mut self.tree),
        }
    }

    /// What operators took, by name.
    fn operator_bills(&self) -> Vec<OperatorBill> {
        let of = |name: &str, (count, gas): (u64, u64)| OperatorBill {
            name: name.to_owned(),
            count,
            gas,
        };
        let besides = [("(entry)", self.entries), ("(outside)", (0, self.constants))];
        let ran =
            Opcode::ALL.iter().map(|opcode| (opcode.name(), self.operators[*opcode as usize]));
        let rows = besides.into_iter().chain(ran).filter(|(_, row)| *row != (0, 0));
        let mut bills: Vec<OperatorBill> = rows.map(|(name, row)| of(name, row)).collect();
        bills.sort_by(|a, b| a.name.cmp(&b.name));
        bills
    }

    /// Whoever is on top pays for what was taken since somebody last did.
    fn charge(&mut self) {
        self.charge_but(0);
    }

    /// The same, but for the last of it.
    fn charge_but(&mut self, last: u64) {
        let Some(cell) = &self.cell else { return };
        let gas = self.left.saturating_sub(cell.left()).saturating_sub(last);
        self.left -= gas;
        self.taken += gas;
        match self.open.last() {
            Some(open) => {
                self.rows.entry(open.function).or_default().exclusive += gas;
                self.tree.calls[open.call].gas += gas;
            }
            None => self.outside += gas,
        }
    }

    /// A function begins, of the guest or of the host. The last of what was taken was its entry.
    fn open(&mut self, function: u32, entry: u64, is_host: bool) {
        self.charge_but(entry);
        let begun = self.taken;
        let call = self.call(function);
        self.tree.calls[call].count += 1;
        let row = self.rows.entry(function).or_default();
        row.calls += 1;
        row.active += 1;
        let slots = self.slots(function, is_host);
        self.open.push(Open { function, begun, call, is_host, slots });
        self.depth = self.depth.saturating_add(slots);
        self.deepest = self.deepest.max(self.depth);
        self.charge();
    }

    /// What a call adds to the depth: a frame, and what an invocation by the host costs besides. The host has no frame.
    fn slots(&self, function: u32, is_host: bool) -> u64 {
        if is_host {
            return 0;
        }
        let frame = self.prices.frames.get(function as usize).copied().unwrap_or(0);
        let again = self.open.last().is_some_and(|open| open.is_host);
        let reentry = if again { self.prices.schedule.depth().reentry.into() } else { 0 };
        frame.saturating_add(reentry)
    }

    /// The place in the tree of a call of a function from where control is.
    fn call(&mut self, function: u32) -> usize {
        let parent = self.open.last().map(|open| open.call);
        if let Some(call) = self.made.get(&(parent, function)) {
            return *call;
        }
        let calls = &mut self.tree.calls;
        if let Some(parent) = parent
            && (self.open.len() >= MOST_DEEP || calls.len() >= self.room)
        {
            self.tree.is_cut = true;
            return parent;
        }
        calls.push(Call { function, parent, ..Call::default() });
        self.made.insert((parent, function), calls.len() - 1);
        calls.len() - 1
    }

    /// A function of the host begins.
    pub(crate) fn open_host(&mut self, function: u32, module: &str, name: &str) {
        let base = self.prices.schedule.host().base(module, name);
        self.open(function, base.into(), true);
    }

    /// The innermost function ends.
    pub(crate) fn close(&mut self) {
        self.charge();
        let Some(open) = self.open.pop() else { return };
        self.depth = self.depth.saturating_sub(open.slots);
        let row = self.rows.entry(open.function).or_default();
        row.active = row.active.saturating_sub(1);
        if row.active == 0 {
            row.inclusive += self.taken - open.begun;
        }
    }
}

impl Observer for Shared {
    fn operator(&mut self, _: FuncAddr, site: Site, opcode: Opcode) {
        let mut book = self.lock();
        book.last = Some(opcode);
        let schedule = &book.prices.schedule;
        let (weight, is_cut) = (schedule.weight(opcode), schedule.is_cut(opcode));
        book.segments.operator(site, weight.into(), is_cut);
        let (count, gas) = &mut book.operators[opcode as usize];
        *count += 1;
        *gas = gas.saturating_add(weight.into());
    }

    fn enter(&mut self, _: FuncAddr, function: u32, gas: u64) {
        let mut book = self.lock();
        book.open(function, gas, false);
        book.entries = (book.entries.0 + 1, book.entries.1.saturating_add(gas));
    }

    fn exit(&mut self, _: FuncAddr) {
        self.lock().close();
    }

    fn dynamic_charge(&mut self, gas: u64) {
        let mut book = self.lock();
        if book.last.is_some() {
            book.segments.add(gas);
        }
        let sum = match book.last {
            Some(opcode) => &mut book.operators[opcode as usize].1,
            None => &mut book.constants,
        };
        *sum = sum.saturating_add(gas);
    }
}

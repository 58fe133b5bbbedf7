/* The runtime of Etalon's object files. C11; no handler of signals, no threads, no library but that of C. */
#include "etalon_object.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT64_MAX
/* Bytes of the native stack that the limit is above what is measured: for the frames of this runtime and the next function of the host. */
#define BETWEEN 4096
/* The same for each slot of a call: for the trampolines, which have them on the stack before anything is measured. */
#define BETWEEN_SLOTS 256
/* In place of the table of a segment that is never copied. */
#define DECLARATIVE (UINT64_MAX - 1)

const etalon_limits etalon_default_limits = {UINT64_C(64) << 20, 1000000, UINT64_C(1) << 20};

/* What makes a function callable through a table. */
typedef struct {
  etalon_code code;
  void *context;
  uint32_t type, slots;
  etalon_code enter;
} entry;

/* In place of an instance's context for a function of the host. */
typedef struct {
  void *context;
  etalon_function function;
  void *data;
} host;

typedef struct { uint8_t *base; uint64_t length, regions_start, regions_end, most; } memory;
typedef struct { uint64_t *base; uint64_t length, most; } table;

/* A word of a context: an address, an address of code, or a number. */
typedef union { uint64_t number; void *address; etalon_code code; } word;

struct etalon_instance {
  const etalon_module *module;
  /* The context of the instance, which compiled code gets. */
  word *words;
  /* The context of the store, which the first of these words is the address of. */
  word context[ETALON_CONTEXT_WORDS];
  entry *entries;
  host *hosts;
  memory *memories;
  table *tables;
  uint64_t (*globals)[2];
  /* Whether segments are dropped. */
  uint8_t *no_data, *no_elem;
  /* Where the call goes on that ends early, slots of depth that are left, and why it ended. */
  jmp_buf *out;
  uint64_t depth;
  /* Where the native stack was at the outermost call, how much of it may be taken below, and what of that is kept for what is not measured. */
  uintptr_t stack;
  uint64_t stack_bytes, reserve;
  etalon_trap trap;
  /* Why a routine ends the call. */
  uint32_t noted;
};

static etalon_instance *of(word *words) { return words[1].address; }

/* What a routine gives that ends the call: compiled code then raises what is noted, with the place. */
#define STOP (-2)
/* What compiled code raises then. */
#define NOTED 100

static int64_t note(etalon_instance *in, uint32_t code) {
  in->noted = code;
  return STOP;
}

static _Noreturn void stop(etalon_instance *in, uint32_t code, uint32_t offset) {
  in->trap = (etalon_trap){code, offset};
  longjmp(*in->out, 1);
}

/* About where the native stack is. */
#ifdef __GNUC__
#define STACK() ((uintptr_t)__builtin_frame_address(0))
#else
static uintptr_t here(void) {
  volatile char local = 0;
  return (uintptr_t)&local;
}
#define STACK() here()
#endif

/* Slots of depth for which there is native stack: trampolines and functions of the host count as what they have taken. */
static uint64_t room(const etalon_instance *in, uintptr_t stack) {
  uint64_t taken = stack < in->stack ? in->stack - stack : 0;
  uint64_t used = taken + in->reserve;
  return used < in->stack_bytes ? (in->stack_bytes - used) / in->module->bytes_per_slot : 0;
}

/* Whether so many from a start are within a size. */
static int within(uint64_t start, uint64_t count, uint64_t size) {
  return count <= size && start <= size - count;
}

/* Routines of compiled code: all get the context and five words. */

static int64_t raise_trap(word *words, uint64_t code, uint64_t offset, uint64_t c, uint64_t d, uint64_t e) {
  (void)c, (void)d, (void)e;
  etalon_instance *in = of(words);
  stop(in, code == NOTED ? in->noted : (uint32_t)code, (uint32_t)offset);
}

static int64_t memory_grow(word *words, uint64_t index, uint64_t delta, uint64_t c, uint64_t d, uint64_t e) {
  (void)c, (void)d, (void)e;
  etalon_instance *in = of(words);
  memory *m = &in->memories[index];
  uint64_t log2 = in->module->memories[index].page_log2, old = m->length >> log2;
  if (delta > (m->most - m->length) >> log2) return -1;
  m->length += delta << log2;
  return (int64_t)old;
}

static int64_t memory_fill(word *words, uint64_t index, uint64_t start, uint64_t value, uint64_t count, uint64_t e) {
  (void)e;
  etalon_instance *in = of(words);
  memory *m = &in->memories[index];
  if (!within(start, count, m->length)) return note(in, ETALON_MEMORY_OUT_OF_BOUNDS);
  memset(m->base + start, (int)(value & 0xff), count);
  return 0;
}

static int64_t memory_copy(word *words, uint64_t to, uint64_t from, uint64_t target, uint64_t source, uint64_t count) {
  etalon_instance *in = of(words);
  memory *t = &in->memories[to], *f = &in->memories[from];
  if (!within(target, count, t->length) || !within(source, count, f->length))
    return note(in, ETALON_MEMORY_OUT_OF_BOUNDS);
  memmove(t->base + target, f->base + source, count);
  return 0;
}

static int64_t memory_init(word *words, uint64_t index, uint64_t data, uint64_t target, uint64_t source, uint64_t count) {
  etalon_instance *in = of(words);
  memory *m = &in->memories[index];
  const etalon_data *from = &in->module->datas[data];
  uint64_t size = in->no_data[data] ? 0 : from->count;
  if (!within(source, count, size) || !within(target, count, m->length))
    return note(in, ETALON_MEMORY_OUT_OF_BOUNDS);
  if (count) memcpy(m->base + target, from->bytes + source, count);
  return 0;
}

static int64_t data_drop(word *words, uint64_t data, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
  (void)b, (void)c, (void)d, (void)e;
  of(words)->no_data[data] = 1;
  return 0;
}

static int64_t table_grow(word *words, uint64_t index, uint64_t init, uint64_t delta, uint64_t d, uint64_t e) {
  (void)d, (void)e;
  table *t = &of(words)->tables[index];
  uint64_t old = t->length;
  if (delta > t->most - old || old + delta > SIZE_MAX / sizeof *t->base) return -1;
  if (delta) {
    uint64_t *base = realloc(t->base, (size_t)(old + delta) * sizeof *base);
    if (!base) return -1;
    t->base = base;
  }
  for (uint64_t i = 0; i < delta; i++) t->base[old + i] = init;
  t->length = old + delta;
  return (int64_t)old;
}

static int64_t table_fill(word *words, uint64_t index, uint64_t start, uint64_t value, uint64_t count, uint64_t e) {
  (void)e;
  etalon_instance *in = of(words);
  table *t = &in->tables[index];
  if (!within(start, count, t->length)) return note(in, ETALON_TABLE_OUT_OF_BOUNDS);
  for (uint64_t i = 0; i < count; i++) t->base[start + i] = value;
  return 0;
}

static int64_t table_copy(word *words, uint64_t to, uint64_t from, uint64_t target, uint64_t source, uint64_t count) {
  etalon_instance *in = of(words);
  table *t = &in->tables[to], *f = &in->tables[from];
  if (!within(target, count, t->length) || !within(source, count, f->length))
    return note(in, ETALON_TABLE_OUT_OF_BOUNDS);
  if (count) memmove(t->base + target, f->base + source, (size_t)count * sizeof *t->base);
  return 0;
}

static int64_t table_init(word *words, uint64_t index, uint64_t elem, uint64_t target, uint64_t source, uint64_t count) {
  etalon_instance *in = of(words);
  table *t = &in->tables[index];
  const etalon_elem *from = &in->module->elems[elem];
  uint64_t size = in->no_elem[elem] ? 0 : from->count;
  if (!within(source, count, size) || !within(target, count, t->length))
    return note(in, ETALON_TABLE_OUT_OF_BOUNDS);
  if (count) memcpy(t->base + target, from->words + source, (size_t)count * sizeof *t->base);
  return 0;
}

static int64_t elem_drop(word *words, uint64_t elem, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
  (void)b, (void)c, (void)d, (void)e;
  of(words)->no_elem[elem] = 1;
  return 0;
}

/* Of what compiled code has checked. */
static void bare_fill(uint8_t *at, uint64_t value, uint64_t count) { memset(at, (int)(value & 0xff), count); }
static void bare_copy(uint8_t *to, const uint8_t *from, uint64_t count) { memmove(to, from, count); }

/* Calls a function of the host, if there is native stack for it. Calls that it makes have the depth that is left. */
static void call_host(etalon_instance *in, const host *h, uint64_t *slots, uint64_t depth) {
  uint64_t outside = in->depth, most = room(in, STACK());
  if (!most) stop(in, ETALON_CALL_STACK_EXHAUSTED, 0);
  in->depth = depth < most ? depth : most;
  uint32_t code = h->function(in, h->data, slots);
  in->depth = outside;
  if (code) stop(in, code, 0);
}

/* Calls a function of the host for compiled code, which has put the arguments into slots. */
static int64_t call_out(word *context, const host *h, uint64_t *slots, uint64_t depth, uint64_t frame) {
  (void)frame;
  call_host(of(context[ETALON_CONTEXT_CALLER].address), h, slots, depth);
  return 0;
}

static size_t slots_of(const etalon_type *type) {
  size_t counts[2] = {0, 0};
  for (uint64_t i = 0; i < type->params + type->results; i++)
    counts[i >= type->params] += type->kinds[i] == 0x7b ? 2 : 1;
  return counts[0] > counts[1] ? counts[0] : counts[1];
}

static const etalon_type *type_of(const etalon_module *m, uint64_t function) {
  uint64_t type = function < m->import_count ? m->imports[function].type : m->own[function - m->import_count].type;
  return &m->types[type];
}

/* Zeros above the lower halves of values of 32 bits, as compiled code has them. */
static void clear(const uint8_t *kinds, uint64_t count, uint64_t *slots) {
  for (uint64_t i = 0; i < count; i++) {
    if (kinds[i] == 0x7f || kinds[i] == 0x7d) *slots &= UINT32_MAX;
    slots += kinds[i] == 0x7b ? 2 : 1;
  }
}

size_t etalon_slots(const etalon_module *m, uint32_t function) {
  return function < m->import_count + m->own_count ? slots_of(type_of(m, function)) : 0;
}

etalon_trap etalon_call(etalon_instance *in, uint32_t function, uint64_t *slots) {
  typedef uint32_t (*enter)(void *context, etalon_code code, uint64_t *slots, uint64_t depth, uint64_t *activation);
  const etalon_module *m = in->module;
  if (function >= m->import_count + m->own_count) return (etalon_trap){ETALON_UNKNOWN_FUNCTION, 0};
  jmp_buf out, *const outer = in->out;
  const uint64_t depth = in->depth;
  if (!outer) in->stack = STACK();
  in->out = &out;
  if (!setjmp(out)) {
    const entry *e = &in->entries[function];
    if (function < m->import_count) {
      const etalon_type *type = type_of(m, function);
      clear(type->kinds, type->params, slots);
      call_host(in, &in->hosts[function], slots, depth);
      clear(type->kinds + type->params, type->results, slots);
    } else {
      const uint64_t most = room(in, STACK());
      uint64_t activation[3];
      ((enter)e->enter)(in->words, e->code, slots, depth < most ? depth : most, activation);
    }
    /* A call within this one may have ended early. */
    in->trap = (etalon_trap){ETALON_NONE, 0};
  }
  in->out = outer;
  in->depth = depth;
  return in->trap;
}

int64_t etalon_export(const etalon_module *m, const char *name, int kind) {
  for (uint64_t i = 0; i < m->export_count; i++)
    if (m->exports[i].kind == (uint64_t)kind && !strcmp(m->exports[i].name, name)) return (int64_t)m->exports[i].index;
  return -1;
}

uint8_t *etalon_memory(etalon_instance *in, uint32_t index, uint64_t *length) {
  if (index >= in->module->memory_count) return NULL;
  *length = in->memories[index].length;
  return in->memories[index].base;
}

uint64_t *etalon_global(etalon_instance *in, uint32_t index) {
  return index < in->module->global_count ? in->globals[index] : NULL;
}

void etalon_delete(etalon_instance *in) {
  if (!in) return;
  for (uint64_t i = 0; in->memories && i < in->module->memory_count; i++) free(in->memories[i].base);
  for (uint64_t i = 0; in->tables && i < in->module->table_count; i++) free(in->tables[i].base);
  free(in->words), free(in->entries), free(in->hosts), free(in->memories), free(in->tables);
  free(in->globals), free(in->no_data), free(in->no_elem), free(in);
}

/* Making an instance. */

static void *cells(uint64_t count, size_t size) {
  return count < SIZE_MAX / 2 / size ? calloc(count ? (size_t)count : 1, size) : NULL;
}

static const etalon_import *find(const etalon_imported *wanted, const etalon_import *imports, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!strcmp(imports[i].module, wanted->module) && !strcmp(imports[i].name, wanted->name)) return &imports[i];
  return NULL;
}

static uint32_t make_functions(etalon_instance *in, const etalon_import *imports, size_t count) {
  const etalon_module *m = in->module;
  for (uint64_t i = 0; i < m->import_count + m->own_count; i++) {
    const etalon_type *type = type_of(m, i);
    entry *e = &in->entries[i];
    *e = (entry){NULL, in->words, (uint32_t)type->same, (uint32_t)slots_of(type), type->enter};
    if (i >= m->import_count) {
      e->code = m->own[i - m->import_count].code;
      continue;
    }
    const etalon_import *found = find(&m->imports[i], imports, count);
    if (!found || !found->function) return ETALON_UNKNOWN_IMPORT;
    in->hosts[i] = (host){in->context, found->function, found->data};
    e->code = type->leave, e->context = &in->hosts[i];
    in->words[m->imports[i].place].code = type->leave;
    in->words[m->imports[i].place + 1].address = &in->hosts[i];
  }
  /* References to functions: 16 times the index, and 1. The first of the module's own is the last word. */
  for (uint64_t i = 0; i <= m->import_count; i++) in->words[m->functions_place + i].number = i << 4 | 1;
  for (uint64_t i = 0; i < m->type_count; i++) in->words[m->types_place + i].number = m->types[i].same;
  return ETALON_NONE;
}

static uint32_t make_state(etalon_instance *in, const etalon_limits *limits) {
  const etalon_module *m = in->module;
  for (uint64_t i = 0; i < m->memory_count; i++) {
    const etalon_memory_type *type = &m->memories[i];
    uint64_t pages = limits->memory_bytes >> type->page_log2;
    if (type->min > pages) return ETALON_NO_MEMORY;
    if (type->max < pages) pages = type->max;
    uint64_t most = pages << type->page_log2;
    memory *made = &in->memories[i];
    *made = (memory){cells(most, 1), type->min << type->page_log2, UINT64_MAX, 0, most};
    if (!made->base) return ETALON_NO_MEMORY;
    in->words[type->place].address = made->base;
    in->words[type->place + 1].address = made;
  }
  for (uint64_t i = 0; i < m->table_count; i++) {
    const etalon_table_type *type = &m->tables[i];
    uint64_t most = type->max < limits->table_elements ? type->max : limits->table_elements;
    if (type->min > most) return ETALON_NO_MEMORY;
    table *made = &in->tables[i];
    *made = (table){cells(type->min, sizeof *made->base), type->min, most};
    if (!made->base) return ETALON_NO_MEMORY;
    for (uint64_t at = 0; at < type->min; at++) made->base[at] = type->init;
    in->words[type->place].address = made;
  }
  for (uint64_t i = 0; i < m->global_count; i++) {
    in->globals[i][0] = m->globals[i].low, in->globals[i][1] = m->globals[i].high;
    in->words[m->globals[i].place].address = in->globals[i];
  }
  return ETALON_NONE;
}

static void make_context(etalon_instance *in) {
  word *c = in->context;
  in->words[0].address = c;
  in->words[1].address = in;
  c[ETALON_CONTEXT_ENTRIES].address = in->entries;
  c[ETALON_CONTEXT_CALLER].address = in->words;
  c[ETALON_CONTEXT_CALL_OUT].code = (etalon_code)call_out;
  c[ETALON_CONTEXT_RAISE].code = (etalon_code)raise_trap;
  c[ETALON_CONTEXT_MEMORY_GROW].code = (etalon_code)memory_grow;
  c[ETALON_CONTEXT_MEMORY_FILL].code = (etalon_code)memory_fill;
  c[ETALON_CONTEXT_MEMORY_COPY].code = (etalon_code)memory_copy;
  c[ETALON_CONTEXT_MEMORY_INIT].code = (etalon_code)memory_init;
  c[ETALON_CONTEXT_DATA_DROP].code = (etalon_code)data_drop;
  c[ETALON_CONTEXT_TABLE_GROW].code = (etalon_code)table_grow;
  c[ETALON_CONTEXT_TABLE_FILL].code = (etalon_code)table_fill;
  c[ETALON_CONTEXT_TABLE_COPY].code = (etalon_code)table_copy;
  c[ETALON_CONTEXT_TABLE_INIT].code = (etalon_code)table_init;
  c[ETALON_CONTEXT_ELEM_DROP].code = (etalon_code)elem_drop;
  c[ETALON_CONTEXT_BARE_FILL].code = (etalon_code)bare_fill;
  c[ETALON_CONTEXT_BARE_COPY].code = (etalon_code)bare_copy;
}

/* Copies the active segments, tables first, as the specification has it. */
static uint32_t copy_segments(etalon_instance *in) {
  const etalon_module *m = in->module;
  for (uint64_t i = 0; i < m->elem_count; i++) {
    const etalon_elem *elem = &m->elems[i];
    if (elem->target == NONE) continue;
    in->no_elem[i] = 1;
    if (elem->target == DECLARATIVE) continue;
    table *t = &in->tables[elem->target];
    if (!within(elem->offset, elem->count, t->length)) return ETALON_TABLE_OUT_OF_BOUNDS;
    if (elem->count) memcpy(t->base + elem->offset, elem->words, (size_t)elem->count * sizeof *t->base);
  }
  for (uint64_t i = 0; i < m->data_count; i++) {
    const etalon_data *data = &m->datas[i];
    if (data->target == NONE) continue;
    in->no_data[i] = 1;
    memory *to = &in->memories[data->target];
    if (!within(data->offset, data->count, to->length)) return ETALON_MEMORY_OUT_OF_BOUNDS;
    if (data->count) memcpy(to->base + data->offset, data->bytes, (size_t)data->count);
  }
  return ETALON_NONE;
}

static uint32_t make(etalon_instance *in, const etalon_import *imports, size_t count, const etalon_limits *limits) {
  const etalon_module *m = in->module;
  if (m->abi != ETALON_OBJECT_ABI) return ETALON_OTHER_ABI;
  in->words = cells(m->words, sizeof *in->words);
  in->entries = cells(m->import_count + m->own_count, sizeof *in->entries);
  in->hosts = cells(m->import_count, sizeof *in->hosts);
  in->memories = cells(m->memory_count, sizeof *in->memories);
  in->tables = cells(m->table_count, sizeof *in->tables);
  in->globals = cells(m->global_count, sizeof *in->globals);
  in->no_data = cells(m->data_count, 1);
  in->no_elem = cells(m->elem_count, 1);
  if (!in->words || !in->entries || !in->hosts || !in->memories || !in->tables || !in->globals || !in->no_data || !in->no_elem)
    return ETALON_NO_MEMORY;
  size_t most = 0;
  for (uint64_t i = 0; i < m->type_count; i++) {
    size_t slots = slots_of(&m->types[i]);
    if (slots > most) most = slots;
  }
  in->stack_bytes = limits->stack_bytes, in->reserve = BETWEEN + (uint64_t)most * BETWEEN_SLOTS;
  in->depth = UINT64_MAX;
  make_context(in);
  uint32_t code = make_functions(in, imports, count);
  if (!code) code = make_state(in, limits);
  return code ? code : copy_segments(in);
}

etalon_instance *etalon_new(const etalon_module *m, const etalon_import *imports, size_t count,
                            const etalon_limits *limits, etalon_trap *trap) {
  etalon_instance *in = calloc(1, sizeof *in);
  *trap = (etalon_trap){ETALON_NO_MEMORY, 0};
  if (!in) return NULL;
  in->module = m;
  *trap = (etalon_trap){make(in, imports, count, limits ? limits : &etalon_default_limits), 0};
  if (!trap->code && m->start != NONE) *trap = etalon_call(in, (uint32_t)m->start, NULL);
  if (!trap->code) return in;
  etalon_delete(in);
  return NULL;
}

const char *etalon_text(uint32_t code) {
  static const char *const traps[] = {
      "nothing", "unreachable", "integer divide by zero", "integer overflow", "invalid conversion to integer",
      "out of bounds memory access", "out of bounds table access", "undefined element", "uninitialized element",
      "indirect call type mismatch"};
  if (code < sizeof traps / sizeof *traps) return traps[code];
  switch (code) {
    case ETALON_CALL_STACK_EXHAUSTED: return "call stack exhausted";
    case ETALON_NO_MEMORY: return "no memory for the instance";
    case ETALON_OTHER_ABI: return "the object file is of another version";
    case ETALON_UNKNOWN_IMPORT: return "unknown import";
    case ETALON_UNKNOWN_FUNCTION: return "unknown function";
    default: return code < 256 ? "unknown" : "a function of the host failed";
  }
}

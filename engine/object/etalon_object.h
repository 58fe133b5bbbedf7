/* Object files of Etalon in programs of C. docs/object-files.md explains them.
 *
 * An object file defines one constant of the type etalon_module, under the name that it was compiled with. Compile etalon_object.c and link
 * it with the object file. Values are words of 64 bits: an i32 in the lower half, zero above it; floats as their bits, an f32 likewise; a
 * v128 as two words, the lower first; a reference as a word that only the module knows, 0 for null. */
#ifndef ETALON_OBJECT_H
#define ETALON_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version of what object files and this runtime agree on. */
#define ETALON_OBJECT_ABI 1

typedef struct etalon_module etalon_module;
typedef struct etalon_instance etalon_instance;

/* Why a call ended early; the code 0 is none. Those up to 20 are traps of the specification. */
enum {
  ETALON_NONE = 0,
  ETALON_UNREACHABLE = 1,
  ETALON_INTEGER_DIVIDE_BY_ZERO = 2,
  ETALON_INTEGER_OVERFLOW = 3,
  ETALON_INVALID_CONVERSION_TO_INTEGER = 4,
  ETALON_MEMORY_OUT_OF_BOUNDS = 5,
  ETALON_TABLE_OUT_OF_BOUNDS = 6,
  ETALON_UNDEFINED_ELEMENT = 7,
  ETALON_UNINITIALIZED_ELEMENT = 8,
  ETALON_INDIRECT_CALL_TYPE_MISMATCH = 9,
  /* The depth of calls is used up. */
  ETALON_CALL_STACK_EXHAUSTED = 101,
  /* Of this runtime: there is no memory for the instance. */
  ETALON_NO_MEMORY = 200,
  /* The object file was made for another version of this runtime. */
  ETALON_OTHER_ABI = 201,
  /* A function that the module imports is not among those given, or NULL. */
  ETALON_UNKNOWN_IMPORT = 202,
  /* There is no function of that index. */
  ETALON_UNKNOWN_FUNCTION = 203
  /* Host functions may give any code from 256 on. */
};

typedef struct etalon_trap {
  uint32_t code;
  /* Of a trap: the offset in the module's bytes of the instruction. */
  uint32_t offset;
} etalon_trap;

/* A function of the host: reads its arguments from the slots and writes its results there. It gives 0, or a code that ends the call: its
 * own, or that of a call that it made. */
typedef uint32_t (*etalon_function)(etalon_instance *instance, void *data, uint64_t *slots);

typedef struct etalon_import {
  const char *module;
  const char *name;
  etalon_function function;
  void *data;
} etalon_import;

/* What an instance may take. */
typedef struct etalon_limits {
  /* Bytes of each memory, at most. So much address space is taken at once, for a memory never moves. */
  uint64_t memory_bytes;
  /* Elements of each table, at most. */
  uint64_t table_elements;
  /* Bytes of the native stack that may be taken below the outermost call, by compiled code and by functions of the host that call back. A
   * function of the host that calls nothing back takes what it takes. */
  uint64_t stack_bytes;
} etalon_limits;

/* 64 MiB of memory, 1,000,000 elements, 1 MiB of stack. */
extern const etalon_limits etalon_default_limits;

/* What is exported. */
enum { ETALON_FUNCTION = 0, ETALON_TABLE = 1, ETALON_MEMORY = 2, ETALON_GLOBAL = 3 };

/* The index of an export, or -1. */
int64_t etalon_export(const etalon_module *module, const char *name, int kind);

/* Makes an instance: memories, tables, globals, active segments, the start function. NULL if that failed, with the reason in `trap`. */
etalon_instance *etalon_new(const etalon_module *module, const etalon_import *imports, size_t count,
                            const etalon_limits *limits, etalon_trap *trap);

/* Calls a function by its index. Arguments are in the slots, results will be; there must be enough for either (etalon_slots).
 * Host functions may call functions of their instance. One thread at a time may use an instance. */
etalon_trap etalon_call(etalon_instance *instance, uint32_t function, uint64_t *slots);

/* How many slots a call of a function needs. */
size_t etalon_slots(const etalon_module *module, uint32_t function);

/* The bytes of a memory, which stay where they are, and how many there are now. NULL if there is no such memory. */
uint8_t *etalon_memory(etalon_instance *instance, uint32_t memory, uint64_t *length);

/* The words of a global, one or two. NULL if there is no such global. */
uint64_t *etalon_global(etalon_instance *instance, uint32_t global);

void etalon_delete(etalon_instance *instance);

/* A code in words. */
const char *etalon_text(uint32_t code);

/* The rest is what object files and the runtime agree on. */

typedef void (*etalon_code)(void);
typedef struct { etalon_code enter, leave; uint64_t params, results; const uint8_t *kinds; uint64_t same; } etalon_type;
typedef struct { const char *module, *name; uint64_t type, place; } etalon_imported;
typedef struct { uint64_t type; etalon_code code; } etalon_own;
typedef struct { uint64_t min, max, page_log2, place; } etalon_memory_type;
typedef struct { uint64_t min, max, init, place; } etalon_table_type;
typedef struct { uint64_t low, high, kind, place; } etalon_global_type;
typedef struct { const uint8_t *bytes; uint64_t count, target, offset; } etalon_data;
typedef struct { const uint64_t *words; uint64_t count, target, offset; } etalon_elem;
typedef struct { const char *name; uint64_t kind, index; } etalon_exported;

struct etalon_module {
  uint64_t abi;
  /* Words of an instance's context, and bytes of the native stack for each slot of depth. */
  uint64_t words, bytes_per_slot;
  /* Places in the context, in words. */
  uint64_t types_place, functions_place;
  uint64_t type_count; const etalon_type *types;
  uint64_t import_count; const etalon_imported *imports;
  uint64_t own_count; const etalon_own *own;
  uint64_t memory_count; const etalon_memory_type *memories;
  uint64_t table_count; const etalon_table_type *tables;
  uint64_t global_count; const etalon_global_type *globals;
  uint64_t data_count; const etalon_data *datas;
  uint64_t elem_count; const etalon_elem *elems;
  uint64_t export_count; const etalon_exported *exports;
  uint64_t start;
};

/* Words of the store's context. */
#define ETALON_CONTEXT_ENTRIES 2
#define ETALON_CONTEXT_CALLER 7
#define ETALON_CONTEXT_CALL_OUT 8
#define ETALON_CONTEXT_RAISE 9
#define ETALON_CONTEXT_MEMORY_GROW 10
#define ETALON_CONTEXT_MEMORY_FILL 11
#define ETALON_CONTEXT_MEMORY_COPY 13
#define ETALON_CONTEXT_MEMORY_INIT 14
#define ETALON_CONTEXT_DATA_DROP 15
#define ETALON_CONTEXT_TABLE_GROW 18
#define ETALON_CONTEXT_TABLE_FILL 19
#define ETALON_CONTEXT_TABLE_COPY 20
#define ETALON_CONTEXT_TABLE_INIT 21
#define ETALON_CONTEXT_ELEM_DROP 22
#define ETALON_CONTEXT_BARE_FILL 38
#define ETALON_CONTEXT_BARE_COPY 39
#define ETALON_CONTEXT_WORDS 41

#ifdef __cplusplus
}
#endif

#endif

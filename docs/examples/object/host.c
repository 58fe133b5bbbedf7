/* A guest in an object file, and a host in C: results, a function of the host, a memory that grows, and traps.
 *
 *   etalon compile guest.wat -o guest.o --emit object --symbol guest
 *   cc -I ../../../engine/object host.c ../../../engine/object/etalon_object.c guest.o -o host
 */
#include "etalon_object.h"

#include <stdio.h>

extern const etalon_module guest;

/* Prints bytes of the guest's memory, if they are there. */
static uint32_t log_bytes(etalon_instance *instance, void *data, uint64_t *slots) {
  uint64_t length = 0, start = slots[0], count = slots[1];
  const uint8_t *bytes = etalon_memory(instance, 0, &length);
  if (!bytes || count > length || start > length - count) return 256;
  printf("%s: %.*s\n", (const char *)data, (int)count, (const char *)bytes + start);
  return ETALON_NONE;
}

/* Calls an export with two arguments, and prints what came of it. */
static void call(etalon_instance *instance, const char *name, uint32_t first, uint32_t second) {
  uint64_t slots[2] = {first, second};
  int64_t function = etalon_export(&guest, name, ETALON_FUNCTION);
  etalon_trap trap = etalon_call(instance, (uint32_t)function, slots);
  if (trap.code)
    printf("%s: %s\n", name, etalon_text(trap.code));
  else
    printf("%s: %d\n", name, (int32_t)slots[0]);
}

int main(void) {
  const etalon_import imports[] = {{"host", "log", log_bytes, "the guest says"}};
  etalon_trap trap;
  etalon_instance *instance = etalon_new(&guest, imports, 1, NULL, &trap);
  if (!instance) {
    fprintf(stderr, "no instance: %s\n", etalon_text(trap.code));
    return 1;
  }
  call(instance, "sum", 20, 22);
  call(instance, "quotient", 42, 0);
  call(instance, "greet", 0, 0);
  call(instance, "grow", 2, 0);
  call(instance, "grow", 2, 0);
  call(instance, "last", 0, 0);
  call(instance, "down", 0, 0);
  call(instance, "sum", 1, 2);
  etalon_delete(instance);
  return 0;
}

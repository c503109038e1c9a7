// Stands between a program and the C library's file calls, and, for one directory, writes down
// each call with its bytes, or makes one fail. Linked into a program, it takes the place of these
// calls in all libraries that the program loads: LMDB's are among them.
#pragma once
#include <stdint.h>

/// Writes every call that changes something below `directory` (no slash at its end) to the file
/// `trace`, in the order in which they take effect: calls of several threads come one by one.
void call_recorder_begin(const char *directory, const char *trace);

/// Writes down that the program has come so far.
void call_recorder_note(uint64_t number);

/// Makes call `call` (from 1) below `directory` fail with an errno.
/// - code: an errno, or 0 for a write that writes only a part.
/// - for_ever: every later one fails too; of writes with code 0, every one is cut short.
void call_recorder_fail(const char *directory, uint64_t call, int code, int for_ever);

/// How many calls there have been below the directory of `call_recorder_fail`.
uint64_t call_recorder_count(void);

// A C face on simdjson for message envelopes: one call parses and finds the envelope's fields, one
// more runs all the paths of a rule. simdjson's first stage checks UTF-8 and finds the structure;
// the second stage is our own, because it must know where each value stands in the bytes, and must
// accept what Python writes (NaN, Infinity, integers of any size, lone surrogates) and simdjson
// not.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A parser with its scratch memory. Not for use by two threads at once.
typedef struct tallylog_json tallylog_json;

/// What a value is.
enum {
    TALLYLOG_JSON_ABSENT = 0,
    TALLYLOG_JSON_OBJECT = 1,
    TALLYLOG_JSON_ARRAY = 2,
    TALLYLOG_JSON_STRING = 3,
    TALLYLOG_JSON_INTEGER = 4,
    TALLYLOG_JSON_FLOAT = 5,
    TALLYLOG_JSON_TRUE = 6,
    TALLYLOG_JSON_FALSE = 7,
    TALLYLOG_JSON_NULL = 8,
    /// NaN, Infinity or -Infinity.
    TALLYLOG_JSON_NOT_FINITE = 9,
};

/// Why bytes were refused.
enum {
    TALLYLOG_JSON_OK = 0,
    TALLYLOG_JSON_NOT_JSON = 1,
    TALLYLOG_JSON_NOT_UTF8 = 2,
    TALLYLOG_JSON_TOO_DEEP = 3,
    TALLYLOG_JSON_NOT_OBJECT = 4,
    TALLYLOG_JSON_NO_MEMORY = 5,
};

/// A value of the last parsed bytes.
typedef struct {
    /// Where it stands, [start, end); a string's range is that between its quotes.
    uint32_t start, end;
    /// The number of the first value behind it and all that it holds.
    uint32_t next;
    uint8_t kind;
    /// 1 if a string has escapes, so that its bytes are not yet its text.
    uint8_t escaped;
    uint16_t zero;
} tallylog_json_value;

/// The fields of an envelope; of a key that stands twice the last counts.
typedef struct {
    tallylog_json_value topic, timestamp, msg_id, msg;
    /// What tells the process that sent it, and how many it has sent.
    tallylog_json_value i, seq_id, username, certificate;
    /// The number of the value of `msg`; 0 if absent.
    uint32_t msg_number;
} tallylog_json_envelope;

/// How a path goes on from a value.
enum {
    /// To the value of a key, if the value is an object that has it.
    TALLYLOG_JSON_STEP_KEY = 0,
    /// To each element, if it is an array.
    TALLYLOG_JSON_STEP_ELEMENTS = 1,
    /// To each value, if it is an object.
    TALLYLOG_JSON_STEP_VALUES = 2,
    /// To each key, if it is an object.
    TALLYLOG_JSON_STEP_KEYS = 3,
    /// Stays, if it is an object whose key (text up to '=') is a string equal to one of the texts
    /// after it (separated by ','; an empty one stands for absent or null).
    TALLYLOG_JSON_STEP_WHERE = 4,
};

typedef struct {
    const uint8_t *text;
    uint32_t length;
    uint32_t kind;
} tallylog_json_step;

typedef struct {
    const tallylog_json_step *steps;
    uint32_t count;
    /// 1 to begin at the value of `msg`, 0 at the envelope.
    uint32_t from_msg;
} tallylog_json_path;

typedef struct {
    tallylog_json_value value;
    /// The number of the path that led here.
    uint32_t path;
} tallylog_json_match;

/// Returns nil if there is no memory.
tallylog_json *tallylog_json_create(void);
void tallylog_json_destroy(tallylog_json *parser);

/// Checks the whole of `bytes`, which must stay valid and unchanged until the next call of this.
int tallylog_json_parse(
    tallylog_json *parser, const uint8_t *bytes, size_t length, uint32_t depth_max,
    tallylog_json_envelope *envelope);

/// The value of a number, from 0 for the whole; returns 0 if there is none. The first member of an
/// object, or element of an array, has the next number; behind each value stands `next`.
int tallylog_json_value_at(
    const tallylog_json *parser, uint32_t number, tallylog_json_value *value);

/// Follows all paths in order. Returns the number of strings found; the first `capacity` are
/// written. What is not a string is passed over.
size_t tallylog_json_select(
    const tallylog_json *parser, const tallylog_json_path *paths, size_t count,
    tallylog_json_match *matches, size_t capacity);

/// Writes a string's text, at most `end - start` bytes, and returns its length. A lone surrogate
/// becomes U+FFFD.
size_t tallylog_json_unescape(
    const tallylog_json *parser, const tallylog_json_value *value, uint8_t *text);

/// The canonical text of a value: keys sorted by code point, no spaces, ASCII only, floats in their
/// shortest form; what Python's json.dumps(sort_keys=True, separators=(",", ":")) writes. Valid
/// until the next call on the parser. Returns 0 if there is no memory.
int tallylog_json_canonical(
    tallylog_json *parser, uint32_t number, const uint8_t **text, size_t *length);

#ifdef __cplusplus
}
#endif

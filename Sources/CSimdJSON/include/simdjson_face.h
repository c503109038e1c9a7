// A C face on simdjson for message envelopes: one call parses and finds the envelope's fields, one
// more follows a path. simdjson's first stage checks UTF-8 and finds the structure;
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
    /// To one element, if it is an array that has it; negative places count from the end.
    TALLYLOG_JSON_STEP_ELEMENT = 2,
    /// To each value, if it is an object; the value's key is captured.
    TALLYLOG_JSON_STEP_VALUES = 3,
    /// To each key, if it is an object.
    TALLYLOG_JSON_STEP_KEYS = 4,
    /// Stays, if the condition holds.
    TALLYLOG_JSON_STEP_WHERE = 5,
    /// To the value whose key is the text that keys lead to from `msg`.
    TALLYLOG_JSON_STEP_LOOKUP = 6,
};

/// What a condition asks of the value that its keys lead to; an array's keys are places.
enum {
    /// It is a scalar equal to one of the texts; an empty text stands for absent or null.
    TALLYLOG_JSON_IS = 0,
    /// The contrary.
    TALLYLOG_JSON_IS_NOT = 1,
    /// As the first, whatever the letter case of ASCII letters.
    TALLYLOG_JSON_IS_FOLDED = 2,
    /// It is a string that begins with one of the texts.
    TALLYLOG_JSON_BEGINS = 3,
    /// It is a string that has one of the texts in it.
    TALLYLOG_JSON_HAS = 4,
    /// The last key is there, whatever its value.
    TALLYLOG_JSON_PRESENT = 5,
    TALLYLOG_JSON_MISSING = 6,
};

typedef struct {
    /// A key; or a condition's keys with dots between them, and then its texts with commas.
    const uint8_t *text;
    uint32_t length;
    uint32_t kind;
    /// A condition's kind, and how long its keys are.
    uint32_t condition, keys_length;
    /// The place of one element.
    int32_t place;
} tallylog_json_step;

/// Keys that one match captures.
enum { TALLYLOG_JSON_CAPTURES = 4 };

typedef struct {
    /// The number of the value.
    uint32_t number;
    uint32_t capture_count;
    /// The numbers of the keys whose values the path went to each of.
    uint32_t captures[TALLYLOG_JSON_CAPTURES];
} tallylog_json_match;

/// Returns nil if there is no memory.
tallylog_json *tallylog_json_create(void);
void tallylog_json_destroy(tallylog_json *parser);

/// Checks the whole of `bytes`, which must stay valid and unchanged until the next call of this.
int tallylog_json_parse(
    tallylog_json *parser, const uint8_t *bytes, size_t length, uint32_t depth_max,
    tallylog_json_envelope *envelope);

/// About where the last bytes were refused.
size_t tallylog_json_failed_at(const tallylog_json *parser);

/// Follows a path from a value. Returns how many values it leads to; the first `capacity` are
/// written, in their order.
size_t tallylog_json_select(
    const tallylog_json *parser, uint32_t from, const tallylog_json_step *steps, uint32_t count,
    tallylog_json_match *matches, size_t capacity);

/// All values of the last parsed bytes, the whole first; valid until the next call of parse. The
/// first member of an object, or element of an array, has the next number; behind each value stands
/// `next`.
const tallylog_json_value *tallylog_json_values(const tallylog_json *parser);

/// Writes a string's text, at most `end - start` bytes, and returns its length. A lone surrogate
/// becomes U+FFFD.
size_t tallylog_json_unescape(
    const tallylog_json *parser, const tallylog_json_value *value, uint8_t *text);

/// The canonical text of a value: keys sorted by code point, no spaces, ASCII only, floats in their
/// shortest form; what Python's json.dumps(sort_keys=True, separators=(",", ":")) writes. Valid
/// until the next call on the parser. Returns 0 if there is no memory.
int tallylog_json_canonical(
    tallylog_json *parser, uint32_t number, const uint8_t **text, size_t *length);

/// What an archive that keeps an envelope changes in it, and what can be undone of that.
enum {
    /// `source_name` and `source_version`, where both are there; and `agent_name`, `users` and
    /// `packages`.
    TALLYLOG_JSON_WITHOUT_SOURCE = 1,
    /// `headers`, where it is an empty object or null.
    TALLYLOG_JSON_WITHOUT_HEADERS = 2,
    /// `timestamp` as an integer, where it is a float of a whole number.
    TALLYLOG_JSON_WHOLE_TIME = 4,
};

/// The fields of an envelope that are about its signature.
typedef struct {
    tallylog_json_value crypto, signature, certificate;
    /// What can be undone; nothing where the envelope does not name its source.
    uint32_t changes;
} tallylog_json_signed;

/// Finds them in the last parsed bytes. Returns 0 if there is no memory.
int tallylog_json_signed_fields(tallylog_json *parser, tallylog_json_signed *fields);

/// The canonical text of the last parsed bytes without `signature` and `certificate`, which is what
/// is signed, with changes undone. Valid until the next call on the parser. Returns 0 if there is
/// no memory.
int tallylog_json_signed_text(
    tallylog_json *parser, uint32_t changes, const uint8_t **text, size_t *length);

#ifdef __cplusplus
}
#endif

// The parser's state, shared by the files of this folder.
#pragma once
#include "simdjson_face.h"

#include <simdjson.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

struct tallylog_json {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> scanner;
    /// The values of the last parsed bytes in their order; number 0 is the whole. An object's
    /// values follow it, keys and values in turn.
    std::vector<tallylog_json_value> values;
    /// Containers that are open: their numbers.
    std::vector<uint32_t> open;
    const uint8_t *bytes = nullptr;
    /// The number of the value of the envelope's `msg`; 0 if absent.
    uint32_t msg_number = 0;
    /// About where they were refused.
    size_t failed_at = 0;
    std::string canonical;
};

namespace tallylog {

/// Writes the text of the string content [at, end) as UTF-8 and returns the end of what was
/// written. `keep_surrogates` writes lone surrogates as three bytes, so that texts differ if
/// Python's do; otherwise they become U+FFFD.
uint8_t *unescape(const uint8_t *at, const uint8_t *end, uint8_t *text, bool keep_surrogates);

/// Whether the text of a key that has escapes equals `text`.
bool escaped_key_equals(
    const uint8_t *bytes, const tallylog_json_value &key, const uint8_t *text, size_t length);

/// Whether the text of a key equals `text`.
inline bool key_equals(
    const uint8_t *bytes, const tallylog_json_value &key, const uint8_t *text, size_t length) {
    if (key.escaped) return escaped_key_equals(bytes, key, text, length);
    return key.end - key.start == length && memcmp(bytes + key.start, text, length) == 0;
}

/// The number of the value of the last key in `object` that equals `text`, or 0.
uint32_t find(
    const tallylog_json &parser, uint32_t object, const uint8_t *text, size_t length);

/// The text of a string, lone surrogates as three bytes each.
std::string text_of(const tallylog_json &parser, const tallylog_json_value &value);

/// The members of an object by key, of equal keys only the last: the keys' texts, and the numbers
/// of the values.
std::vector<std::pair<std::string, uint32_t>> distinct_members(
    const tallylog_json &parser, uint32_t object);

}  // namespace tallylog

#include "parser.hpp"

namespace {

uint32_t hex_value(const uint8_t *at) {
    uint32_t value = 0;
    for (int place = 0; place < 4; place++) {
        uint8_t byte = at[place];
        value = value << 4 | uint32_t(byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10);
    }
    return value;
}

inline bool is_high_surrogate(uint32_t point) { return (point & 0xfc00) == 0xd800; }
inline bool is_low_surrogate(uint32_t point) { return (point & 0xfc00) == 0xdc00; }

uint8_t *write_point(uint8_t *text, uint32_t point) {
    if (point < 0x80) {
        *text++ = uint8_t(point);
    } else if (point < 0x800) {
        *text++ = uint8_t(0xc0 | point >> 6);
        *text++ = uint8_t(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        *text++ = uint8_t(0xe0 | point >> 12);
        *text++ = uint8_t(0x80 | (point >> 6 & 0x3f));
        *text++ = uint8_t(0x80 | (point & 0x3f));
    } else {
        *text++ = uint8_t(0xf0 | point >> 18);
        *text++ = uint8_t(0x80 | (point >> 12 & 0x3f));
        *text++ = uint8_t(0x80 | (point >> 6 & 0x3f));
        *text++ = uint8_t(0x80 | (point & 0x3f));
    }
    return text;
}

uint8_t simple_escape(uint8_t byte) {
    switch (byte) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return byte;
    }
}

inline uint8_t folded(uint8_t byte) { return uint8_t(byte - 'A') < 26 ? byte | 0x20 : byte; }

bool equal_folded(const uint8_t *left, const uint8_t *right, size_t length) {
    for (size_t place = 0; place < length; place++)
        if (folded(left[place]) != folded(right[place])) return false;
    return true;
}

/// Follows a path from value to value and collects where it leads.
class Selection {
public:
    Selection(
        const tallylog_json &parser, const tallylog_json_step *steps, uint32_t count,
        tallylog_json_match *matches, size_t capacity)
        : parser(parser), values(parser.values.data()), steps(steps), count(count),
          matches(matches), capacity(capacity) {}

    size_t found = 0;

    void follow(uint32_t at, uint32_t step_number) {
        if (step_number == count) {
            if (found < capacity) {
                current.number = at;
                matches[found] = current;
            }
            found++;
            return;
        }
        const tallylog_json_step &step = steps[step_number];
        bool object = values[at].kind == TALLYLOG_JSON_OBJECT;
        switch (step.kind) {
        case TALLYLOG_JSON_STEP_KEY:
            if (object) {
                uint32_t next = tallylog::find(parser, at, step.text, step.length);
                if (next) follow(next, step_number + 1);
            }
            break;
        case TALLYLOG_JSON_STEP_ELEMENTS:
            if (values[at].kind == TALLYLOG_JSON_ARRAY)
                for (uint32_t next = at + 1; next < values[at].next; next = values[next].next)
                    follow(next, step_number + 1);
            break;
        case TALLYLOG_JSON_STEP_ELEMENT:
            if (uint32_t next = element(at, step.place)) follow(next, step_number + 1);
            break;
        case TALLYLOG_JSON_STEP_VALUES:
            if (object) follow_values(at, step_number + 1);
            break;
        case TALLYLOG_JSON_STEP_KEYS:
            if (object)
                for (uint32_t key = at + 1; key < values[at].next; key = values[key + 1].next)
                    follow(key, step_number + 1);
            break;
        case TALLYLOG_JSON_STEP_WHERE:
            if (holds(at, step)) follow(at, step_number + 1);
            break;
        case TALLYLOG_JSON_STEP_LOOKUP:
            if (uint32_t next = object ? lookup(at, step) : 0) follow(next, step_number + 1);
            break;
        }
    }

private:
    const tallylog_json &parser;
    const tallylog_json_value *values;
    const tallylog_json_step *steps;
    uint32_t count;
    tallylog_json_match *matches;
    size_t capacity;
    tallylog_json_match current = {};
    std::vector<uint8_t> unescaped;

    void follow_values(uint32_t object, uint32_t step_number) {
        uint32_t place = current.capture_count;
        bool captures = place < TALLYLOG_JSON_CAPTURES;
        if (captures) current.capture_count++;
        for (uint32_t key = object + 1; key < values[object].next; key = values[key + 1].next) {
            if (stands_again(key, values[object].next)) continue;
            if (captures) current.captures[place] = key;
            follow(key + 1, step_number);
        }
        current.capture_count = place;
    }

    /// Whether a key stands again later in its object: of equal keys the last counts. Keys with
    /// escapes are compared by their texts; others by their bytes.
    bool stands_again(uint32_t key, uint32_t end) {
        // Objects of very many members are not searched: they would take time by their square.
        if (values[key].escaped || end - key > 4096) return false;
        auto text = parser.bytes + values[key].start;
        size_t length = values[key].end - values[key].start;
        for (uint32_t next = values[key + 1].next; next < end; next = values[next + 1].next)
            if (tallylog::key_equals(parser.bytes, values[next], text, length)) return true;
        return false;
    }

    /// The number of an element of an array; 0 if there is none.
    uint32_t element(uint32_t array, int64_t place) const {
        if (values[array].kind != TALLYLOG_JSON_ARRAY) return 0;
        if (place < 0)
            for (uint32_t next = array + 1; next < values[array].next; next = values[next].next)
                place++;
        if (place < 0) return 0;
        uint32_t next = array + 1;
        for (; place > 0 && next < values[array].next; place--) next = values[next].next;
        return next < values[array].next ? next : 0;
    }

    /// The value that a condition's keys lead to; 0 if there is none.
    uint32_t target(uint32_t at, const uint8_t *keys, const uint8_t *end) const {
        while (keys <= end) {
            auto dot = static_cast<const uint8_t *>(memchr(keys, '.', size_t(end - keys)));
            auto stop = dot ? dot : end;
            uint32_t next = 0;
            if (values[at].kind == TALLYLOG_JSON_OBJECT) {
                next = tallylog::find(parser, at, keys, size_t(stop - keys));
            } else if (values[at].kind == TALLYLOG_JSON_ARRAY) {
                int64_t place = 0;
                for (auto digit = keys; digit < stop; digit++) {
                    if (!is_digit(*digit) || place > 1 << 24) return 0;
                    place = place * 10 + (*digit - '0');
                }
                next = element(at, place);
            }
            if (next == 0) return 0;
            at = next;
            keys = stop + 1;
        }
        return at;
    }

    /// The value whose key is the text that the step's keys lead to; 0 if there is none.
    uint32_t lookup(uint32_t object, const tallylog_json_step &step) const {
        if (parser.msg_number == 0) return 0;
        uint32_t key = target(parser.msg_number, step.text, step.text + step.length);
        if (key == 0 || values[key].kind != TALLYLOG_JSON_STRING || values[key].escaped) return 0;
        auto text = parser.bytes + values[key].start;
        return tallylog::find(parser, object, text, values[key].end - values[key].start);
    }

    static bool is_digit(uint8_t byte) { return uint8_t(byte - '0') < 10; }

    bool holds(uint32_t at, const tallylog_json_step &step) {
        auto keys_end = step.text + step.keys_length;
        uint32_t value = target(at, step.text, keys_end);
        if (step.condition == TALLYLOG_JSON_PRESENT) return value != 0;
        if (step.condition == TALLYLOG_JSON_MISSING) return value == 0;
        bool one = holds_one(value, step, keys_end);
        return step.condition == TALLYLOG_JSON_IS_NOT ? !one : one;
    }

    bool holds_one(uint32_t value, const tallylog_json_step &step, const uint8_t *texts) {
        auto end = step.text + step.length;
        uint8_t kind = value ? values[value].kind : uint8_t(TALLYLOG_JSON_NULL);
        bool absent = kind == TALLYLOG_JSON_NULL;
        bool scalar = !absent && kind != TALLYLOG_JSON_OBJECT && kind != TALLYLOG_JSON_ARRAY;
        const uint8_t *text = nullptr;
        size_t length = 0;
        if (scalar) {
            text = parser.bytes + values[value].start;
            length = values[value].end - values[value].start;
            if (values[value].escaped) {
                unescaped.resize(length);
                auto stop = tallylog::unescape(text, text + length, unescaped.data(), true);
                text = unescaped.data();
                length = size_t(stop - text);
            }
        }
        for (auto at = texts; at <= end;) {
            auto comma = static_cast<const uint8_t *>(memchr(at, ',', size_t(end - at)));
            auto stop = comma ? comma : end;
            size_t wanted = size_t(stop - at);
            if (wanted == 0 ? absent : scalar && fits(step.condition, text, length, at, wanted))
                return true;
            at = stop + 1;
        }
        return false;
    }

    static bool fits(
        uint32_t condition, const uint8_t *text, size_t length, const uint8_t *wanted,
        size_t wanted_length) {
        if (length < wanted_length) return false;
        switch (condition) {
        case TALLYLOG_JSON_BEGINS: return memcmp(text, wanted, wanted_length) == 0;
        case TALLYLOG_JSON_HAS: return memmem(text, length, wanted, wanted_length) != nullptr;
        case TALLYLOG_JSON_IS_FOLDED:
            return length == wanted_length && equal_folded(text, wanted, length);
        default: return length == wanted_length && memcmp(text, wanted, length) == 0;
        }
    }
};

}  // namespace

uint8_t *tallylog::unescape(
    const uint8_t *at, const uint8_t *end, uint8_t *text, bool keep_surrogates) {
    while (at < end) {
        if (*at != '\\') {
            *text++ = *at++;
            continue;
        }
        if (at[1] != 'u') {
            *text++ = simple_escape(at[1]);
            at += 2;
            continue;
        }
        uint32_t point = hex_value(at + 2);
        at += 6;
        if (is_high_surrogate(point) && end - at >= 6 && at[0] == '\\' && at[1] == 'u' &&
            is_low_surrogate(hex_value(at + 2))) {
            point = 0x10000 + ((point & 0x3ff) << 10) + (hex_value(at + 2) & 0x3ff);
            at += 6;
        }
        bool lone = is_high_surrogate(point) || is_low_surrogate(point);
        text = write_point(text, lone && !keep_surrogates ? 0xfffd : point);
    }
    return text;
}

bool tallylog::escaped_key_equals(
    const uint8_t *bytes, const tallylog_json_value &key, const uint8_t *text, size_t length) {
    size_t own = key.end - key.start;
    // An escape is at most six bytes for one of the text, and never shorter than the text.
    if (own < length || own > 6 * length) return false;
    std::vector<uint8_t> unescaped(own);
    auto end = unescape(bytes + key.start, bytes + key.end, unescaped.data(), true);
    return size_t(end - unescaped.data()) == length &&
        memcmp(unescaped.data(), text, length) == 0;
}

uint32_t tallylog::find(
    const tallylog_json &parser, uint32_t object, const uint8_t *text, size_t length) {
    const tallylog_json_value *values = parser.values.data();
    uint32_t found = 0;
    for (uint32_t key = object + 1; key < values[object].next; key = values[key + 1].next)
        if (key_equals(parser.bytes, values[key], text, length)) found = key + 1;
    return found;
}

extern "C" size_t tallylog_json_select(
    const tallylog_json *parser, uint32_t from, const tallylog_json_step *steps, uint32_t count,
    tallylog_json_match *matches, size_t capacity) {
    Selection selection(*parser, steps, count, matches, capacity);
    selection.follow(from, 0);
    return selection.found;
}

extern "C" const tallylog_json_value *tallylog_json_values(const tallylog_json *parser) {
    return parser->values.data();
}

extern "C" size_t tallylog_json_unescape(
    const tallylog_json *parser, const tallylog_json_value *value, uint8_t *text) {
    auto end = tallylog::unescape(
        parser->bytes + value->start, parser->bytes + value->end, text, false);
    return size_t(end - text);
}

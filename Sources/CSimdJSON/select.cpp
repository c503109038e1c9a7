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

/// Follows paths from value to value and collects the strings at their ends.
class Selection {
public:
    Selection(const tallylog_json &parser, tallylog_json_match *matches, size_t capacity)
        : parser(parser), values(parser.values.data()), matches(matches), capacity(capacity) {}

    size_t found = 0;

    void follow(
        const tallylog_json_path &path, uint32_t number, uint32_t at, uint32_t step_number) {
        if (step_number == path.count) {
            if (values[at].kind != TALLYLOG_JSON_STRING) return;
            if (found < capacity) matches[found] = {values[at], number};
            found++;
            return;
        }
        const tallylog_json_step &step = path.steps[step_number];
        bool object = values[at].kind == TALLYLOG_JSON_OBJECT;
        switch (step.kind) {
        case TALLYLOG_JSON_STEP_KEY:
            if (object) {
                uint32_t next = tallylog::find(parser, at, step.text, step.length);
                if (next) follow(path, number, next, step_number + 1);
            }
            break;
        case TALLYLOG_JSON_STEP_ELEMENTS:
            if (values[at].kind == TALLYLOG_JSON_ARRAY)
                for (uint32_t next = at + 1; next < values[at].next; next = values[next].next)
                    follow(path, number, next, step_number + 1);
            break;
        case TALLYLOG_JSON_STEP_VALUES:
            if (object)
                for (const auto &member : tallylog::distinct_members(parser, at))
                    follow(path, number, member.second, step_number + 1);
            break;
        case TALLYLOG_JSON_STEP_KEYS:
            if (object)
                for (uint32_t key = at + 1; key < values[at].next; key = values[key + 1].next)
                    follow(path, number, key, step_number + 1);
            break;
        case TALLYLOG_JSON_STEP_WHERE:
            if (object && holds(at, step)) follow(path, number, at, step_number + 1);
            break;
        }
    }

private:
    const tallylog_json &parser;
    const tallylog_json_value *values;
    tallylog_json_match *matches;
    size_t capacity;

    bool holds(uint32_t object, const tallylog_json_step &step) const {
        auto end = step.text + step.length;
        auto equals = static_cast<const uint8_t *>(memchr(step.text, '=', step.length));
        if (!equals) return false;
        uint32_t value = tallylog::find(parser, object, step.text, size_t(equals - step.text));
        bool absent = value == 0 || values[value].kind == TALLYLOG_JSON_NULL;
        bool string = !absent && values[value].kind == TALLYLOG_JSON_STRING;
        for (auto at = equals + 1; at <= end;) {
            auto comma = static_cast<const uint8_t *>(memchr(at, ',', size_t(end - at)));
            auto stop = comma ? comma : end;
            if (stop == at ? absent
                           : string && tallylog::key_equals(
                                 parser.bytes, values[value], at, size_t(stop - at)))
                return true;
            at = stop + 1;
        }
        return false;
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
    const tallylog_json *parser, const tallylog_json_path *paths, size_t count,
    tallylog_json_match *matches, size_t capacity) {
    Selection selection(*parser, matches, capacity);
    const tallylog_json_value *values = parser->values.data();
    uint32_t msg_number = parser->msg_number;
    for (size_t number = 0; number < count; number++) {
        if (paths[number].from_msg && msg_number == 0) continue;
        uint32_t start = paths[number].from_msg ? msg_number : 0;
        if (values[start].kind == TALLYLOG_JSON_OBJECT || paths[number].count == 0)
            selection.follow(paths[number], uint32_t(number), start, 0);
    }
    return selection.found;
}

extern "C" size_t tallylog_json_unescape(
    const tallylog_json *parser, const tallylog_json_value *value, uint8_t *text) {
    auto end = tallylog::unescape(
        parser->bytes + value->start, parser->bytes + value->end, text, false);
    return size_t(end - text);
}

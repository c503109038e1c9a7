#include "parser.hpp"

namespace {

constexpr size_t first_capacity = 64 << 10;

inline bool is_space(uint8_t byte) {
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

inline bool is_digit(uint8_t byte) { return uint8_t(byte - '0') < 10; }

inline bool is_hex(uint8_t byte) {
    return is_digit(byte) || uint8_t((byte | 0x20) - 'a') < 6;
}

/// Whether every escape in [at, end) is one that JSON has.
bool escapes_valid(const uint8_t *at, const uint8_t *end) {
    while ((at = static_cast<const uint8_t *>(memchr(at, '\\', size_t(end - at))))) {
        if (end - at < 2) return false;
        switch (at[1]) {
        case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
            at += 2;
            break;
        case 'u':
            if (end - at < 6) return false;
            for (int place = 2; place < 6; place++)
                if (!is_hex(at[place])) return false;
            at += 6;
            break;
        default:
            return false;
        }
    }
    return true;
}

/// The end of the number at `at`, or nil if there is none; tells integers from floats.
const uint8_t *number_end(const uint8_t *at, const uint8_t *end, uint8_t &kind) {
    kind = TALLYLOG_JSON_INTEGER;
    if (at < end && *at == '-') at++;
    if (at == end || !is_digit(*at)) return nullptr;
    if (*at++ != '0')
        while (at < end && is_digit(*at)) at++;
    if (at < end && *at == '.') {
        kind = TALLYLOG_JSON_FLOAT;
        const uint8_t *digits = ++at;
        while (at < end && is_digit(*at)) at++;
        if (at == digits) return nullptr;
    }
    if (at < end && (*at | 0x20) == 'e') {
        kind = TALLYLOG_JSON_FLOAT;
        at++;
        if (at < end && (*at == '+' || *at == '-')) at++;
        const uint8_t *digits = at;
        while (at < end && is_digit(*at)) at++;
        if (at == digits) return nullptr;
    }
    return at;
}

inline bool is_word(const uint8_t *at, const uint8_t *end, const char *word, size_t length) {
    return size_t(end - at) == length && memcmp(at, word, length) == 0;
}

/// Reads a value that is neither string nor container: [at, end) without space behind it.
bool read_scalar(const uint8_t *at, const uint8_t *end, uint8_t &kind) {
    switch (*at) {
    case 't': kind = TALLYLOG_JSON_TRUE; return is_word(at, end, "true", 4);
    case 'f': kind = TALLYLOG_JSON_FALSE; return is_word(at, end, "false", 5);
    case 'n': kind = TALLYLOG_JSON_NULL; return is_word(at, end, "null", 4);
    case 'N': kind = TALLYLOG_JSON_NOT_FINITE; return is_word(at, end, "NaN", 3);
    case 'I': kind = TALLYLOG_JSON_NOT_FINITE; return is_word(at, end, "Infinity", 8);
    default: break;
    }
    if (is_word(at, end, "-Infinity", 9)) {
        kind = TALLYLOG_JSON_NOT_FINITE;
        return true;
    }
    return number_end(at, end, kind) == end;
}

/// Walks the structure that the first stage found, checks the grammar, and lists the values.
class Walk {
public:
    Walk(tallylog_json &parser, const uint8_t *bytes, size_t length, uint32_t depth_max)
        : parser(parser), bytes(bytes), length(length), depth_max(depth_max),
          marks(parser.scanner->structural_indexes.get()),
          mark_count(parser.scanner->n_structural_indexes),
          backslash(next_backslash(0)) {
        // Whoever counts brackets, commas and colons finds at most one value in two marks, but for
        // the containers that are still open.
        size_t values_max = size_t(mark_count) / 2 + depth_max + 8;
        if (parser.values.size() < values_max) parser.values.resize(values_max);
        if (parser.open.size() < depth_max + 1) parser.open.resize(depth_max + 1);
        values = parser.values.data();
    }

    int run() {
        for (;;) {
            int outcome = read_value();
            if (outcome != TALLYLOG_JSON_OK) return outcome;
            if (!close_and_go_on()) return TALLYLOG_JSON_NOT_JSON;
            if (depth == 0) return mark == mark_count ? TALLYLOG_JSON_OK : TALLYLOG_JSON_NOT_JSON;
        }
    }

    size_t place() const { return mark < mark_count ? marks[mark] : length; }

private:
    tallylog_json &parser;
    const uint8_t *bytes;
    size_t length;
    uint32_t depth_max;
    const uint32_t *marks;
    uint32_t mark_count;
    /// The offset of the first backslash not yet passed.
    size_t backslash;
    tallylog_json_value *values;
    uint32_t mark = 0, count = 0, depth = 0;
    /// Whether the value just read opened a container that has members.
    bool opened = false;

    size_t next_backslash(size_t from) const {
        const void *found = memchr(bytes + from, '\\', length - from);
        return found ? size_t(static_cast<const uint8_t *>(found) - bytes) : length;
    }

    /// The end of the token at the mark before `mark`: the next mark, less the space before it.
    size_t token_end(size_t start) const {
        size_t end = mark < mark_count ? marks[mark] : length;
        while (end > start + 1 && is_space(bytes[end - 1])) end--;
        return end;
    }

    uint8_t upcoming() const { return mark < mark_count ? bytes[marks[mark]] : 0; }

    void add(size_t start, size_t end, uint8_t kind, uint8_t escaped) {
        values[count] = {uint32_t(start), uint32_t(end), count + 1, kind, escaped, 0};
        count++;
    }

    bool read_string() {
        if (upcoming() != '"') return false;
        size_t start = marks[mark++];
        size_t end = token_end(start);
        if (end < start + 2 || bytes[end - 1] != '"') return false;
        uint8_t escaped = 0;
        if (backslash < end) {
            if (backslash < start) backslash = next_backslash(start);
            if (backslash < end) {
                if (!escapes_valid(bytes + start + 1, bytes + end - 1)) return false;
                escaped = 1;
                backslash = next_backslash(end);
            }
        }
        add(start + 1, end - 1, TALLYLOG_JSON_STRING, escaped);
        return true;
    }

    bool read_key() {
        if (!read_string() || upcoming() != ':') return false;
        mark++;
        return true;
    }

    int read_container(uint8_t kind, uint8_t closing) {
        if (depth == depth_max) return TALLYLOG_JSON_TOO_DEEP;
        parser.open[depth++] = count;
        add(marks[mark++], 0, kind, 0);
        if (upcoming() == closing && mark < mark_count) return TALLYLOG_JSON_OK;
        opened = true;
        if (kind == TALLYLOG_JSON_OBJECT && !read_key()) return TALLYLOG_JSON_NOT_JSON;
        return TALLYLOG_JSON_OK;
    }

    int read_value() {
        opened = false;
        if (mark == mark_count) return TALLYLOG_JSON_NOT_JSON;
        size_t start = marks[mark];
        switch (bytes[start]) {
        case '"': return read_string() ? TALLYLOG_JSON_OK : TALLYLOG_JSON_NOT_JSON;
        case '{': return read_container(TALLYLOG_JSON_OBJECT, '}');
        case '[': return read_container(TALLYLOG_JSON_ARRAY, ']');
        default: break;
        }
        mark++;
        size_t end = token_end(start);
        uint8_t kind;
        if (!read_scalar(bytes + start, bytes + end, kind)) return TALLYLOG_JSON_NOT_JSON;
        add(start, end, kind, 0);
        return TALLYLOG_JSON_OK;
    }

    /// After a value: closes what ends here, and goes to the next value's first mark.
    bool close_and_go_on() {
        if (opened) return true;
        while (depth > 0) {
            tallylog_json_value &container = values[parser.open[depth - 1]];
            bool object = container.kind == TALLYLOG_JSON_OBJECT;
            uint8_t byte = upcoming();
            if (mark == mark_count) return false;
            bool empty = parser.open[depth - 1] + 1 == count;
            if (byte == (object ? '}' : ']')) {
                container.end = marks[mark++] + 1;
                container.next = count;
                depth--;
                continue;
            }
            if (byte != ',' || empty) return false;
            mark++;
            return !object || read_key();
        }
        return true;
    }
};

}  // namespace

extern "C" tallylog_json *tallylog_json_create(void) try {
    auto parser = std::make_unique<tallylog_json>();
    auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
        first_capacity, 1, parser->scanner);
    return error ? nullptr : parser.release();
} catch (const std::bad_alloc &) {
    return nullptr;
}

extern "C" void tallylog_json_destroy(tallylog_json *parser) { delete parser; }

extern "C" int tallylog_json_parse(
    tallylog_json *parser, const uint8_t *bytes, size_t length, uint32_t depth_max,
    tallylog_json_envelope *envelope) try {
    parser->bytes = bytes;
    parser->msg_number = 0;
    parser->failed_at = length;
    memset(envelope, 0, sizeof *envelope);
    if (length == 0) return TALLYLOG_JSON_NOT_JSON;
    simdjson::error_code error = simdjson::SUCCESS;
    if (length > parser->scanner->capacity())
        error = parser->scanner->allocate(length + length / 4, parser->scanner->max_depth());
    if (error != simdjson::SUCCESS) return TALLYLOG_JSON_NO_MEMORY;
    error = parser->scanner->stage1(bytes, length, simdjson::stage1_mode::regular);
    if (error == simdjson::UTF8_ERROR) return TALLYLOG_JSON_NOT_UTF8;
    if (error != simdjson::SUCCESS) return TALLYLOG_JSON_NOT_JSON;
    Walk walk(*parser, bytes, length, depth_max);
    int outcome = walk.run();
    parser->failed_at = walk.place();
    if (outcome != TALLYLOG_JSON_OK) return outcome;

    const tallylog_json_value *values = parser->values.data();
    if (values[0].kind != TALLYLOG_JSON_OBJECT) return TALLYLOG_JSON_NOT_OBJECT;
    for (uint32_t key = 1; key < values[0].next; key = values[key + 1].next) {
        auto is = [&](const char *name, size_t length) {
            return tallylog::key_equals(
                bytes, values[key], reinterpret_cast<const uint8_t *>(name), length);
        };
        if (is("topic", 5)) envelope->topic = values[key + 1];
        else if (is("timestamp", 9)) envelope->timestamp = values[key + 1];
        else if (is("msg_id", 6)) envelope->msg_id = values[key + 1];
        else if (is("i", 1)) envelope->i = values[key + 1];
        else if (is("seq_id", 6)) envelope->seq_id = values[key + 1];
        else if (is("username", 8)) envelope->username = values[key + 1];
        else if (is("certificate", 11)) envelope->certificate = values[key + 1];
        else if (is("msg", 3)) {
            envelope->msg = values[key + 1];
            envelope->msg_number = parser->msg_number = key + 1;
        }
    }
    return TALLYLOG_JSON_OK;
} catch (const std::bad_alloc &) {
    return TALLYLOG_JSON_NO_MEMORY;
}

extern "C" size_t tallylog_json_failed_at(const tallylog_json *parser) {
    return parser->failed_at;
}

#include "parser.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace {

/// Writes values as Python's json.dumps(sort_keys=True, separators=(",", ":")) would, after
/// json.loads.
class Canonical {
public:
    Canonical(const tallylog_json &parser, std::string &text)
        : parser(parser), values(parser.values.data()), text(text) {}

    void write(uint32_t number) {
        const tallylog_json_value &value = values[number];
        switch (value.kind) {
        case TALLYLOG_JSON_OBJECT: return write_object(number);
        case TALLYLOG_JSON_ARRAY: return write_array(number);
        case TALLYLOG_JSON_STRING: return write_string(tallylog::text_of(parser, value));
        case TALLYLOG_JSON_INTEGER: return write_integer(source(value));
        case TALLYLOG_JSON_FLOAT: return write_float(source(value));
        default: text += source(value);
        }
    }

    void write_integral(uint32_t number) {
        text += std::to_string((long long)read_double(source(values[number])));
    }

    /// `string` is UTF-8 but for lone surrogates, which take three bytes like their neighbours.
    void write_string(const std::string &string) {
        text += '"';
        for (size_t at = 0; at < string.size();) {
            uint8_t byte = uint8_t(string[at]);
            if (byte < 0x80) {
                write_ascii(char(byte));
                at += 1;
                continue;
            }
            int length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
            uint32_t point = byte & (0xff >> (length + 1));
            for (int place = 1; place < length; place++)
                point = point << 6 | (uint8_t(string[at + place]) & 0x3f);
            at += length;
            if (point >= 0x10000) {
                write_unit(0xd800 + ((point - 0x10000) >> 10));
                write_unit(0xdc00 + ((point - 0x10000) & 0x3ff));
            } else {
                write_unit(point);
            }
        }
        text += '"';
    }

    static double read_double(const std::string &source) {
        double value = 0;
        auto read = std::from_chars(source.data(), source.data() + source.size(), value);
        if (read.ec == std::errc::result_out_of_range) value = strtod(source.c_str(), nullptr);
        return value;
    }

private:
    const tallylog_json &parser;
    const tallylog_json_value *values;
    std::string &text;

    std::string source(const tallylog_json_value &value) const {
        auto bytes = reinterpret_cast<const char *>(parser.bytes);
        return std::string(bytes + value.start, bytes + value.end);
    }

    void write_object(uint32_t number) {
        text += '{';
        bool first = true;
        for (const auto &member : tallylog::distinct_members(parser, number)) {
            if (!first) text += ',';
            first = false;
            write_string(member.first);
            text += ':';
            write(member.second);
        }
        text += '}';
    }

    void write_array(uint32_t number) {
        text += '[';
        for (uint32_t at = number + 1; at < values[number].next; at = values[at].next) {
            if (at != number + 1) text += ',';
            write(at);
        }
        text += ']';
    }

    void write_unit(uint32_t unit) {
        static const char digits[] = "0123456789abcdef";
        text += "\\u";
        for (int shift = 12; shift >= 0; shift -= 4) text += digits[unit >> shift & 0xf];
    }

    void write_ascii(char byte) {
        switch (byte) {
        case '"': text += "\\\""; break;
        case '\\': text += "\\\\"; break;
        case '\n': text += "\\n"; break;
        case '\r': text += "\\r"; break;
        case '\t': text += "\\t"; break;
        case '\f': text += "\\f"; break;
        case '\b': text += "\\b"; break;
        default:
            if (byte < 0x20 || byte == 0x7f) write_unit(uint8_t(byte));
            else text += byte;
        }
    }

    void write_integer(const std::string &digits) { text += digits == "-0" ? "0" : digits; }

    /// The shortest text that reads back as the same double, in the form of Python's repr.
    void write_float(const std::string &source) {
        double value = read_double(source);
        if (std::isinf(value)) {
            text += value < 0 ? "-Infinity" : "Infinity";
            return;
        }
        char buffer[64];
        auto end = std::to_chars(
            buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
        std::string shortest(buffer, end.ptr);
        size_t mark = shortest.find('e');
        int exponent = atoi(shortest.c_str() + mark + 1);
        if (exponent < -4 || exponent >= 16) {
            text += shortest;
            return;
        }
        std::string digits;
        if (shortest[0] == '-') text += '-';
        for (char digit : shortest.substr(0, mark))
            if (digit >= '0' && digit <= '9') digits += digit;
        if (exponent < 0) {
            text += "0." + std::string(size_t(-exponent - 1), '0') + digits;
            return;
        }
        size_t whole = size_t(exponent) + 1;
        if (digits.size() < whole + 1) digits.resize(whole + 1, '0');
        text += digits.substr(0, whole) + "." + digits.substr(whole);
    }
};

}  // namespace

std::string tallylog::text_of(const tallylog_json &parser, const tallylog_json_value &value) {
    auto start = parser.bytes + value.start;
    auto end = parser.bytes + value.end;
    std::string text(reinterpret_cast<const char *>(start), size_t(end - start));
    if (!value.escaped) return text;
    auto out = reinterpret_cast<uint8_t *>(text.data());
    text.resize(size_t(unescape(start, end, out, true) - out));
    return text;
}

std::vector<std::pair<std::string, uint32_t>> tallylog::distinct_members(
    const tallylog_json &parser, uint32_t object) {
    std::vector<std::pair<std::string, uint32_t>> members;
    const tallylog_json_value *values = parser.values.data();
    for (uint32_t key = object + 1; key < values[object].next; key = values[key + 1].next)
        members.emplace_back(text_of(parser, values[key]), key + 1);
    // The later of two equal keys sorts first, and is the one that stays.
    std::sort(members.begin(), members.end(), [](const auto &left, const auto &right) {
        int order = left.first.compare(right.first);
        return order != 0 ? order < 0 : left.second > right.second;
    });
    members.erase(
        std::unique(members.begin(), members.end(),
            [](const auto &left, const auto &right) { return left.first == right.first; }),
        members.end());
    return members;
}

namespace {

/// Whether a value is the float that an archive makes of a whole second.
bool is_whole_float(const tallylog_json &parser, const tallylog_json_value &value) {
    if (value.kind != TALLYLOG_JSON_FLOAT) return false;
    auto bytes = reinterpret_cast<const char *>(parser.bytes);
    double number = Canonical::read_double(std::string(bytes + value.start, bytes + value.end));
    return std::trunc(number) == number && std::fabs(number) < 1e15;
}

/// Whether only an archive writes a key of an envelope: the newer kind writes the latter three.
bool is_of_archive(const std::string &key) {
    return key == "source_name" || key == "source_version" || key == "agent_name"
        || key == "users" || key == "packages";
}

bool is_empty(const tallylog_json_value &value, uint32_t number) {
    return value.kind == TALLYLOG_JSON_NULL
        || (value.kind == TALLYLOG_JSON_OBJECT && value.next == number + 1);
}

}  // namespace

extern "C" int tallylog_json_signed_fields(
    tallylog_json *parser, tallylog_json_signed *fields) try {
    memset(fields, 0, sizeof *fields);
    bool has_name = false, has_version = false;
    for (const auto &[key, number] : tallylog::distinct_members(*parser, 0)) {
        const tallylog_json_value &value = parser->values[number];
        if (key == "crypto") fields->crypto = value;
        else if (key == "signature") fields->signature = value;
        else if (key == "certificate") fields->certificate = value;
        else if (key == "source_name") has_name = true;
        else if (key == "source_version") has_version = true;
        else if (key == "headers" && is_empty(value, number))
            fields->changes |= TALLYLOG_JSON_WITHOUT_HEADERS;
        else if (key == "timestamp" && is_whole_float(*parser, value))
            fields->changes |= TALLYLOG_JSON_WHOLE_TIME;
    }
    if (has_name && has_version) fields->changes |= TALLYLOG_JSON_WITHOUT_SOURCE;
    else fields->changes = 0;
    return 1;
} catch (const std::bad_alloc &) {
    return 0;
}

extern "C" int tallylog_json_signed_text(
    tallylog_json *parser, uint32_t changes, const uint8_t **text, size_t *length) try {
    parser->canonical.clear();
    std::string &written = parser->canonical;
    Canonical canonical(*parser, written);
    for (const auto &[key, number] : tallylog::distinct_members(*parser, 0)) {
        if (key == "signature" || key == "certificate"
            || ((changes & TALLYLOG_JSON_WITHOUT_SOURCE) && is_of_archive(key))
            || (key == "headers" && (changes & TALLYLOG_JSON_WITHOUT_HEADERS)))
            continue;
        written += written.empty() ? '{' : ',';
        canonical.write_string(key);
        written += ':';
        if (key == "timestamp" && (changes & TALLYLOG_JSON_WHOLE_TIME))
            canonical.write_integral(number);
        else canonical.write(number);
    }
    written += written.empty() ? "{}" : "}";
    *text = reinterpret_cast<const uint8_t *>(written.data());
    *length = written.size();
    return 1;
} catch (const std::bad_alloc &) {
    return 0;
}

extern "C" int tallylog_json_canonical(
    tallylog_json *parser, uint32_t number, const uint8_t **text, size_t *length) try {
    parser->canonical.clear();
    Canonical(*parser, parser->canonical).write(number);
    *text = reinterpret_cast<const uint8_t *>(parser->canonical.data());
    *length = parser->canonical.size();
    return 1;
} catch (const std::bad_alloc &) {
    return 0;
}

// A light client of a RESP socket: some connections, each with some requests under way, and nothing
// done with the replies but to find their ends.
//
// usage: socket SOCKET DATA CLIENTS DEPTH REQUESTS ping|count|1|2|3|4|5 [RATE]
//
// With a RATE, so many requests a second fall due, each client's in turn, however long replies
// take; a time is that from when a request was due to the end of its reply, and it runs while the
// client has all that it may under way. Without one, a request is due when there is room for it.
// Prints a line of JSON, with the time of every request in nanoseconds.

#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "measuring.h"

enum { clients_max = 64, depth_max = 64, requests_max = 400, request_bytes = 512 };

struct client {
    int socket;
    /// Values that are still to come of the reply that is being read, and bytes of one of them.
    long values, bytes;
    char line[64];
    int line_length;
    double due[depth_max];
    int first, under_way;
    /// The number of its next request: the clients take turns.
    long next;
};

static char requests[requests_max][request_bytes];
static int request_count, client_count, depth;
static double *taken;
static long finished, wanted;
/// When the first request was due, and how many are due a second; INFINITY for all at once.
static double beginning, rate = INFINITY;

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0)
        fail(path, strerror(errno));
    return descriptor;
}

/// Encodes the words of a line, which are apart by spaces.
static void add_request(char *line) {
    char *words[16], *end = requests[request_count];
    int count = 0;
    for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " "))
        words[count++] = word;
    end += sprintf(end, "*%d\r\n", count);
    for (int place = 0; place < count; place++)
        end += sprintf(end, "$%zu\r\n%s\r\n", strlen(words[place]), words[place]);
    request_count++;
}

/// Line `number` of a file, from 1.
static void name_of(const char *folder, const char *file, int number, char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *lines = fopen(path, "r");
    if (lines == NULL) fail(path, "cannot be read");
    for (int line = 0; line < number; line++)
        if (fgets(name, 200, lines) == NULL) fail(path, "has too few lines");
    name[strcspn(name, "\n")] = 0;
    fclose(lines);
}

static void add_question(const char *folder, const struct question *one) {
    char line[400], name[200];
    long from = one->lower * 3600, until = one->upper * 3600, start = 1767225600;
    if (one->kind == 2)
        name_of(folder, "users.txt", one->name, name);
    else if (one->kind != 4)
        name_of(folder, "topics.txt", one->name, name);
    const char *format[] = {
        [1] = "SERIES 1h TOPIC %s FROM %ld TO %ld",
        [2] = "SERIES 1d USER %s FROM %ld TO %ld",
        [3] = "TOP 10 user TOPIC %s FROM %ld TO %ld"};
    if (one->kind <= 2)
        snprintf(line, sizeof line, format[one->kind], name, start, start + 30 * 86400);
    else if (one->kind == 3)
        snprintf(line, sizeof line, format[3], name, from, until);
    else if (one->kind == 4)
        snprintf(line, sizeof line, "TOP 10 topic FROM %ld TO %ld", from, until);
    else
        snprintf(line, sizeof line, "MESSAGES TOPIC %s TO %ld LIMIT 100", name, one->lower);
    add_request(line);
}

static void make_requests(const char *folder, const char *kind) {
    static struct question questions[questions_max];
    char ping[] = "PING", count[] = "COUNT";
    if (strcmp(kind, "ping") == 0) return add_request(ping);
    if (strcmp(kind, "count") == 0) return add_request(count);
    int all = questions_read(folder, questions);
    for (int place = 0; place < all; place++)
        if (questions[place].kind == atoi(kind)) add_question(folder, &questions[place]);
}

/// When request `number` is due, from 0.
static double due(long number, double now) {
    return isinf(rate) ? now : beginning + (double)number / rate;
}

/// Whether a client may ask once more, be it now or later.
static bool has_room(const struct client *client) {
    return client->under_way < depth && client->next < wanted;
}

/// Sends what is due of a client's requests, with one write.
static void send_requests(struct client *client) {
    static char text[depth_max * request_bytes];
    long length = 0;
    double now = wall_seconds();
    for (; has_room(client) && due(client->next, now) <= now; client->next += client_count) {
        const char *request = requests[client->next % request_count];
        size_t bytes = strlen(request);
        memcpy(text + length, request, bytes);
        length += (long)bytes;
        client->due[(client->first + client->under_way++) % depth_max] = due(client->next, now);
    }
    if (length > 0 && write(client->socket, text, (size_t)length) != length)
        fail("socket", "a write was cut short");
}

/// Waits for a reply, or until a request is due that its client has room for.
static void wait_for_work(struct pollfd *waits, const struct client *clients) {
    double now = wall_seconds(), rest = INFINITY;
    for (int place = 0; place < client_count; place++)
        if (has_room(&clients[place])) rest = fmin(rest, due(clients[place].next, now) - now);
    rest = fmax(rest, 0);
    struct timespec pause = {0};
    if (!isinf(rest)) pause = (struct timespec){(time_t)rest, (long)(fmod(rest, 1) * 1e9)};
    ppoll(waits, (nfds_t)client_count, isinf(rest) ? NULL : &pause, NULL);
}

static void end_reply(struct client *client, double now) {
    taken[finished++] = now - client->due[client->first];
    client->first = (client->first + 1) % depth_max;
    client->under_way--;
}

/// What a line says of the values to come.
static void take_line(struct client *client) {
    long number = atol(client->line + 1);
    if (client->line[0] == '-') fail("an error", client->line);
    if (client->values == 0) client->values = 1;
    client->values--;
    if (client->line[0] == '*' && number > 0) client->values += number;
    if (client->line[0] == '$' && number >= 0) client->bytes = number + 2;
}

static void take(struct client *client, const char *bytes, long count, double now) {
    for (long place = 0; place < count;) {
        if (client->bytes > 0) {
            long skipped = client->bytes < count - place ? client->bytes : count - place;
            client->bytes -= skipped;
            place += skipped;
            if (client->bytes > 0) return;
        } else {
            char byte = bytes[place++];
            if (client->line_length < (int)sizeof client->line - 1)
                client->line[client->line_length++] = byte;
            if (byte != '\n') continue;
            client->line[client->line_length] = 0;
            client->line_length = 0;
            take_line(client);
        }
        if (client->values == 0 && client->bytes == 0) end_reply(client, now);
    }
}

int main(int count, char **words) {
    if (count != 7 && count != 8)
        fail("usage", "socket SOCKET DATA CLIENTS DEPTH REQUESTS ping|count|1...5 [RATE]");
    static struct client clients[clients_max];
    static struct pollfd waits[clients_max];
    static char bytes[1 << 20];
    client_count = atoi(words[3]), depth = atoi(words[4]);
    if (client_count > clients_max || depth > depth_max)
        fail("usage", "at most 64 clients and requests");
    wanted = atol(words[5]);
    if (count == 8) rate = atof(words[7]);
    taken = malloc((size_t)wanted * sizeof *taken);
    make_requests(words[2], words[6]);
    for (int place = 0; place < client_count; place++) {
        clients[place].socket = connect_to(words[1]);
        clients[place].next = place;
        waits[place] = (struct pollfd){.fd = clients[place].socket, .events = POLLIN};
    }
    // A pause ends when it should, and not up to 50 us later.
    prctl(PR_SET_TIMERSLACK, 1UL);
    beginning = wall_seconds();
    // One client with nothing to wait for but its replies need not poll.
    bool polls = client_count > 1 || !isinf(rate);
    for (int place = 0; place < client_count; place++) send_requests(&clients[place]);
    while (finished < wanted) {
        if (polls) wait_for_work(waits, clients);
        for (int place = 0; place < client_count; place++) {
            if (!polls || waits[place].revents != 0) {
                ssize_t got = read(clients[place].socket, bytes, sizeof bytes);
                if (got <= 0) fail(words[1], "the server hung up");
                take(&clients[place], bytes, got, wall_seconds());
            }
            send_requests(&clients[place]);
        }
    }
    printf("{\"figure\": \"socket\", \"seconds\": %.6f, \"requests\": %ld, ",
           wall_seconds() - beginning, wanted);
    printf("\"nanoseconds\": [");
    for (long place = 0; place < wanted; place++)
        printf("%s%.0f", place == 0 ? "" : ",", taken[place] * 1e9);
    printf("]}\n");
}

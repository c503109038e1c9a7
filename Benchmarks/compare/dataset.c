#include "dataset.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void fail(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static const void *mapped(const char *folder, const char *name, long *size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int file = open(path, O_RDONLY);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) fail(path, "cannot be read");
    *size = status.st_size;
    // Populated: page faults on the input are not what is measured.
    void *start = mmap(NULL, status.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
    if (start == MAP_FAILED) fail(path, "cannot be mapped");
    close(file);
    return start;
}

struct dataset dataset_open(const char *folder) {
    struct dataset data;
    long size;
    data.messages = mapped(folder, "idx.bin", &size);
    data.count = size / (long)sizeof(struct message);
    data.text = mapped(folder, "msgs.jsonl", &size);
    return data;
}

int questions_read(const char *folder, struct question *questions) {
    char path[4096];
    snprintf(path, sizeof path, "%s/queries.txt", folder);
    FILE *file = fopen(path, "r");
    if (file == NULL) fail(path, "cannot be read");
    int count = 0;
    struct question one;
    while (count < questions_max &&
           fscanf(file, "%d %d %ld %ld", &one.kind, &one.name, &one.lower, &one.upper) == 4)
        questions[count++] = one;
    fclose(file);
    return count;
}

/* The least that a server can be: native PORT [DELAY_MS]
 *
 * Listens at 127.0.0.1:PORT after a delay, says so by sd_notify and with a line on stdout, and answers each connection
 * with "+PONG" and the monotonic nanoseconds at which it began to listen.
 */

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void tell(const char *path) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int link = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    strncpy(to.sun_path, path, sizeof to.sun_path - 1);
    sendto(link, "READY=1", 7, 0, (struct sockaddr *)&to, sizeof to);
    close(link);
}

int main(int count, char **words) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timespec now;
    char answer[64];
    int yes = 1;

    if (count < 2) return 64;
    if (count > 2) usleep((useconds_t)(atof(words[2]) * 1000));
    at.sin_port = htons((unsigned short)atoi(words[1]));
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(server, (struct sockaddr *)&at, sizeof at) || listen(server, 64)) return 71;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int length = snprintf(answer, sizeof answer, "+PONG %lld\r\n", now.tv_sec * 1000000000LL + now.tv_nsec);
    if (getenv("NOTIFY_SOCKET")) tell(getenv("NOTIFY_SOCKET"));
    if (write(1, "ready\n", 6) < 0) return 70;
    for (;;) {
        int link = accept(server, NULL, NULL);
        if (link < 0) continue;
        if (write(link, answer, (size_t)length) < 0) return 70;
        close(link);
    }
}

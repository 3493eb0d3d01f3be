/* Where the server listens, and how people write that down. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "server/core.h"

/* ---- what --listen says ---- */

static svy_status read_unix(const char *path, svyi_listen *out, svy_error *err)
{
    struct sockaddr_un *u = (struct sockaddr_un *)&out->address;

    if (path[0] == '\0' || strlen(path) >= sizeof u->sun_path || strlen(path) >= sizeof out->path)
        return svyi_fail(err, SVY_E_VALUE, "the path of a socket has 1 to %zu bytes", sizeof u->sun_path - 1);
    u->sun_family = AF_UNIX;
    memcpy(u->sun_path, path, strlen(path) + 1);
    memcpy(out->path, path, strlen(path) + 1);
    out->size = sizeof *u;
    return SVY_OK;
}

static svy_status resolve(const char *text, const char *host, const char *port, svyi_listen *out, svy_error *err)
{
    const struct addrinfo hints = { .ai_family = host == NULL ? AF_INET6 : AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    const struct addrinfo hints4 = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    char *end;
    const long number = strtol(port, &end, 10);

    if (port[0] < '0' || port[0] > '9' || *end != '\0' || number > 65535)
        return svyi_fail(err, SVY_E_VALUE, "'%.100s' has no port: write HOST:PORT or PORT, with a number up to 65535", text);
    /* No IPv6 on this machine: all addresses are those of IPv4. */
    const int probe = host == NULL ? socket(AF_INET6, SOCK_STREAM, 0) : -1;
    const int why = getaddrinfo(host, port, host == NULL && probe < 0 ? &hints4 : &hints, &found);
    if (probe >= 0)
        close(probe);
    if (why != 0 || found == NULL)
        return svyi_fail(err, SVY_E_VALUE, "'%.100s' is no address of this machine (%s)", text, gai_strerror(why));
    memcpy(&out->address, found->ai_addr, found->ai_addrlen);
    out->size = found->ai_addrlen;
    out->any = host == NULL;
    freeaddrinfo(found);
    return SVY_OK;
}

svy_status svyi_listen_read(const char *text, svyi_listen *out, svy_error *err)
{
    const char *colon = strrchr(text, ':');
    char host[256];

    memset(out, 0, sizeof *out);
    if (strncmp(text, "unix:", 5) == 0)
        return read_unix(text + 5, out, err);
    if (colon == NULL || colon == text)
        return resolve(text, NULL, colon == NULL ? text : colon + 1, out, err);
    size_t n = (size_t)(colon - text);
    if (text[0] == '[' && n > 2 && text[n - 1] == ']') {
        text++;
        n -= 2;
    }
    if (n >= sizeof host)
        return svyi_fail(err, SVY_E_VALUE, "'%.100s' is no address", text);
    memcpy(host, text, n);
    host[n] = '\0';
    if (strcmp(host, "*") == 0 || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0)
        return resolve(text, NULL, colon + 1, out, err);
    return resolve(text, host, colon + 1, out, err);
}

/* ---- addresses as text ---- */

void svyi_address_text(const struct sockaddr_storage *address, char out[SVYI_ADDRESS], int *local)
{
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    const struct sockaddr_in *four = (const struct sockaddr_in *)address;

    out[0] = '\0';
    *local = 0;
    if (address->ss_family == AF_INET) {
        inet_ntop(AF_INET, &four->sin_addr, out, SVYI_ADDRESS);
        *local = (ntohl(four->sin_addr.s_addr) >> 24) == 127;
    } else if (address->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
        inet_ntop(AF_INET, six->sin6_addr.s6_addr + 12, out, SVYI_ADDRESS);
        *local = six->sin6_addr.s6_addr[12] == 127;
    } else if (address->ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &six->sin6_addr, out, SVYI_ADDRESS);
        *local = IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
    } else {
        memcpy(out, "local", 6);
        *local = 1;
    }
}

static void add_address(svy_server *s, const char *host, unsigned port)
{
    char *out = s->addresses[s->n_addresses];

    if (s->n_addresses < SVYI_ADDRESSES) {
        snprintf(out, sizeof s->addresses[0], strchr(host, ':') != NULL ? "%s://[%.64s]:%u" : "%s://%.64s:%u", s->tls != NULL ? "https" : "http", host, port);
        s->n_addresses++;
    }
}

/* The addresses of this machine that others in its network can reach. */
unsigned svyi_addresses_own(char out[SVYI_ADDRESSES][SVYI_ADDRESS])
{
    struct ifaddrs *all = NULL;
    unsigned n = 0;

    if (getifaddrs(&all) != 0)
        return 0;
    for (const struct ifaddrs *i = all; i != NULL && n < SVYI_ADDRESSES - 1; i = i->ifa_next) {
        struct sockaddr_storage address = { 0 };
        int local;
        if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP))
            continue;
        memcpy(&address, i->ifa_addr, sizeof(struct sockaddr_in));
        svyi_address_text(&address, out[n], &local);
        n += !local;
    }
    freeifaddrs(all);
    return n;
}

void svyi_addresses_find(svy_server *s)
{
    char text[SVYI_ADDRESS], own[SVYI_ADDRESSES][SVYI_ADDRESS];
    int local;

    if (s->listen.path[0] != '\0') {
        snprintf(s->addresses[0], sizeof s->addresses[0], "unix:%.90s", s->listen.path);
        s->n_addresses = 1;
        return;
    }
    const unsigned port = ntohs(((const struct sockaddr_in *)&s->listen.address)->sin_port);     /* at the same place for IPv6 */
    if (s->listen.any) {
        add_address(s, "127.0.0.1", port);
        const unsigned n = svyi_addresses_own(own);
        for (unsigned i = 0; i < n; i++)
            add_address(s, own[i], port);
        return;
    }
    svyi_address_text(&s->listen.address, text, &local);
    add_address(s, text, port);
}

const char *svy_server_address(const svy_server *server, unsigned index)
{
    return server != NULL && index < server->n_addresses ? server->addresses[index] : NULL;
}

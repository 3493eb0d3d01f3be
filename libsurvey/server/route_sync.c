/* Routes for another study file that takes over what it lacks and gives what it has. */
#include "server/server_priv.h"

const svyi_route SVYI_ROUTES_SYNC[] = { { 0 } };

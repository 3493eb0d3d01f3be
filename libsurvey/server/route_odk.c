/* Routes for ODK's clients (OpenRosa). */
#include "server/server_priv.h"

const svyi_route SVYI_ROUTES_ODK[] = { { 0 } };

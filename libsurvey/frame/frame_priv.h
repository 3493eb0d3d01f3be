/* What a frame holds. Private to the frame station. */
#ifndef SVY_FRAME_PRIV_H
#define SVY_FRAME_PRIV_H
#include <survey/frame.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"

enum { SVYI_FRAME_COLUMNS = 1000000 };

struct svy_frame {
    svy_alloc alloc;
    svyi_arena texts;            /* columns, names, labels, levels */
    svyi_map names;              /* name -> index */
    svy_column **columns;        /* each has a place of its own, so borrowed columns stay where they are */
    size_t count, capacity, rows;
};
#endif

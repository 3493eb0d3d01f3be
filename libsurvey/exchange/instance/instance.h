/* Files beside a form: lists in CSV, XML and GeoJSON, as trees of the builder; pictures, sound and film that it shows. */
#ifndef SVY_EXCHANGE_INSTANCE_H
#define SVY_EXCHANGE_INSTANCE_H
#include "exchange/reader.h"

typedef struct svyi_instance_wish {
    const char *id;
    const char *source;      /* "places.csv" beside the questionnaire, or "jr://file-csv/places.csv" as XForms say it */
    int line;
    const char *form;        /* file of the form: its folder NAME-media is looked in too; NULL: only beside it */
} svyi_instance_wish;

/* Reads the file into a tree with the id. One that is not there is a warning, and an empty list; one that is wrong is a problem.
   @return SVY_OK, SVY_E_INVALID (reported), SVY_E_LIMIT, SVY_E_NOMEM */
svy_status svyi_instance_read(svyi_reader *r, const svyi_instance_wish *wish);

/* The places where a file may lie that belongs to the form in the file `form`: its folder, FORM-media/ and media/. NULL when out of memory. */
enum { SVYI_PLACES = 3 };
const char *svyi_place(svyi_reader *r, const char *form, size_t which);
/* The file's name in "jr://file-csv/places.csv"; other names as they are. */
const char *svyi_named(const char *source);
/* Finds the media that a compiled form shows, and hands them to the reader's watch. Those that are not there are one warning. media.c
   @return SVY_OK, SVY_E_LIMIT, SVY_E_NOMEM */
svy_status svyi_media_read(svyi_reader *r, const void *block, size_t size);

/* The three kinds. The tree is open in the builder: they add its root. */
svy_status svyi_instance_csv(svyi_reader *r, const char *path, const char *bytes, size_t len);
svy_status svyi_instance_xml(svyi_reader *r, const char *path, const char *bytes, size_t len);
svy_status svyi_instance_geojson(svyi_reader *r, const char *path, const char *bytes, size_t len);
#endif

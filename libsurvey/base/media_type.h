/* What kind of content a file has, by the ending of its name. */
#ifndef SVY_BASE_MEDIA_TYPE_H
#define SVY_BASE_MEDIA_TYPE_H

/* "image/png" for "map.PNG"; NULL for an ending that is not known. Text types come with their charset. */
const char *svyi_media_type(const char *name);

#endif

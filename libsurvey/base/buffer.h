/* A growing run of bytes: texts being made, blocks being sealed. */
#ifndef SVY_BASE_BUFFER_H
#define SVY_BASE_BUFFER_H
#include <survey/base.h>

/* `failed` sticks, so a writer checks once at the end. data is NUL-terminated after every call that adds, even nothing
   (the NUL is not counted); NULL before the first. To keep the text, take data and capacity: svyi_release(&alloc, data, capacity). */
typedef struct svyi_buffer { svy_alloc alloc; char *data; size_t len, capacity; int failed; } svyi_buffer;

void svyi_buffer_init(svyi_buffer *b, const svy_alloc *alloc);
void svyi_buffer_clear(svyi_buffer *b);
void svyi_buffer_room(svyi_buffer *b, size_t len);      /* for so many bytes more at once, when it is known that they come */
void svyi_buffer_add(svyi_buffer *b, const void *bytes, size_t len);
void svyi_buffer_text(svyi_buffer *b, const char *text);
/* Not for doubles: their point would be the locale's. Use svyi_number_format. */
void svyi_buffer_format(svyi_buffer *b, const char *fmt, ...) SVY_PRINTF(2, 3);
void svyi_buffer_u32(svyi_buffer *b, uint32_t value);   /* little-endian */
void svyi_buffer_u64(svyi_buffer *b, uint64_t value);
/* JSON: a quoted, escaped string (control characters, quotes, backslash; valid UTF-8 as it is, invalid bytes as U+FFFD). */
void svyi_buffer_json(svyi_buffer *b, const char *text, size_t len);
#endif

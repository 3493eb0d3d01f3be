/* UTF-8: validation, walking, letter case, display width, and folding for search. */
#ifndef SVY_BASE_TEXT_H
#define SVY_BASE_TEXT_H
#include <survey/base.h>

/* Next code point of text[*at..len), advancing *at; U+FFFD for an invalid byte (advances one). */
uint32_t svyi_utf8_next(const char *text, size_t len, size_t *at);
/* Writes `c` to out[4]; returns the bytes written. */
size_t svyi_utf8_put(uint32_t c, char *out);
/* 1 if valid UTF-8 without NUL. */
int svyi_utf8_valid(const char *text, size_t len);
size_t svyi_utf8_length(const char *text, size_t len);      /* code points */
/* Byte offset of code point `index`, or `len` when there are fewer. */
size_t svyi_utf8_offset(const char *text, size_t len, size_t index);
/* Simple (one to one) case mapping of a code point. */
uint32_t svyi_upper(uint32_t c);
uint32_t svyi_lower(uint32_t c);
int svyi_is_space(uint32_t c);
/* Columns a terminal uses: 0 for combining marks, bidi and other controls, 2 for East Asian wide, otherwise 1. */
int svyi_width(uint32_t c);

/* Search key of a text: lower case, accents and Arabic/Hebrew vowel marks removed, Cyrillic and Greek in Latin letters as people
   type them (Bulgarian official transliteration first: щ -> sht, ъ -> a, ю -> yu), Persian/Arabic digits as ASCII,
   Arabic letters in one form (أإآ -> ا, ى and Persian ی -> ي, ة -> ه, ک -> ك), runs of space and punctuation as one blank, none at the
   ends; iya is ia. Writes at most `size` bytes including a NUL, whole characters only, like snprintf; returns the length
   the whole key needs, without the NUL. `out` may be NULL when size is 0. Case and letters after Unicode 14. */
size_t svyi_fold(const char *text, size_t len, char *out, size_t size);
#endif

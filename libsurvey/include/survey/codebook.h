/** What one variable is: answer types, missing codes, values, and their text forms. */
#ifndef SURVEY_CODEBOOK_H
#define SURVEY_CODEBOOK_H
#include <survey/base.h>
SVY_BEGIN_DECLS

/** Answer types of the questionnaire language. Values are stored in files: append only. */
typedef enum svy_type {
    SVY_T_NONE = 0,       /**< holds no answer (a section, a note) */
    SVY_T_SINGLE = 1, SVY_T_MULTIPLE = 2, SVY_T_RANKING = 3,
    SVY_T_INTEGER = 4, SVY_T_DECIMAL = 5, SVY_T_TEXT = 6,
    SVY_T_DATE = 7, SVY_T_MONTH = 8, SVY_T_YEAR = 9, SVY_T_TIME = 10, SVY_T_DATETIME = 11,
    SVY_T_BOOLEAN = 12, SVY_T_GEOPOINT = 13,
    SVY_T_PHOTO = 14, SVY_T_AUDIO = 15, SVY_T_FILE = 16, SVY_T_BARCODE = 17, SVY_T_SIGNATURE = 18,
    SVY_T_KEY = 19,       /**< a participant key: stored only as a keyed hash */
    SVY_T_GEOTRACE = 20, SVY_T_GEOSHAPE = 21,  /**< text: points "latitude longitude altitude accuracy" separated by ";"; a shape is closed */
    SVY_T_VIDEO = 22,
    SVY_T_ACKNOWLEDGE = 23  /**< text: "OK" once confirmed */
} svy_type;

/** Why there is no value. Missing answers are data: tagged, never numbers. Values are stored in files: append only. */
typedef enum svy_missing {
    SVY_PRESENT = 0,      /**< not missing */
    SVY_NOT_REACHED = 1,  /**< the interview has not come to it */
    SVY_NOT_ASKED = 2,    /**< routed away */
    SVY_DONT_KNOW = 3,
    SVY_REFUSED = 4,
    SVY_NOT_STATED = 5    /**< asked and left blank, lost or illegible; also a blank cell of a data file */
} svy_missing;

/** What kind of value an expression or an answer has. */
typedef enum svy_kind {
    SVY_K_NONE = 0,
    SVY_K_BOOLEAN = 1,    /**< number 0 or 1 */
    SVY_K_NUMBER = 2,
    SVY_K_TEXT = 3,
    SVY_K_CODE = 4,       /**< one code of a list: text; also number when the code is a number */
    SVY_K_CODES = 5,      /**< several codes: text, single blanks between, list order (chosen order for a ranking) */
    SVY_K_DATE = 6,       /**< number: days since 1970-01-01 */
    SVY_K_MONTH = 7,      /**< number: year * 12 + month - 1; + 0.5 when the month is unknown */
    SVY_K_TIME = 8,       /**< number: seconds since midnight */
    SVY_K_DATETIME = 9,   /**< number: seconds since 1970-01-01T00:00, local to the interview */
    SVY_K_PLACE = 10,     /**< text: "latitude longitude [altitude [accuracy]]" in degrees and metres */
    SVY_K_ENTRIES = 11    /**< the entries of a roster (in expressions only) */
} svy_kind;

/** One value, or the reason why there is none. `text` is borrowed; who lends it says for how long. */
typedef struct svy_value {
    uint8_t kind;         /**< svy_kind */
    uint8_t missing;      /**< svy_missing; when not SVY_PRESENT, number is 0 and text is "" */
    uint32_t len;         /**< bytes of text */
    double number;
    const char *text;     /**< UTF-8, not necessarily NUL-terminated; "" for kinds without text */
} svy_value;

SVY_API const char *svy_type_name(svy_type type);              /**< "single", ...; "" for SVY_T_NONE */
SVY_API svy_type svy_type_find(const char *name, size_t len);  /**< SVY_T_NONE when unknown */
SVY_API svy_kind svy_type_kind(svy_type type);                 /**< kind of an answer; photo ... signature, key, geotrace ... are text */
SVY_API const char *svy_missing_name(svy_missing missing);     /**< "", "not-reached", "not-asked", "dont-know", "refused", "not-stated" */
/** 1 and the code if `name` is one of the names above, else 0. */
SVY_API int svy_missing_find(const char *name, size_t len, svy_missing *missing);

/** A missing value of a kind. */
SVY_API svy_value svy_value_missing(svy_kind kind, svy_missing missing);
/** Canonical text of a value: what files and the journal hold and svy_value_parse reads back to the same value.
 *  Numbers in their shortest form, ISO 8601 dates, "true"/"false", codes as they are, "" for missing.
 *  @return the length needed without the NUL; writes at most `size` bytes. */
SVY_API size_t svy_value_format(const svy_value *value, char *out, size_t size);
/** Reads a text as an answer of a type. Form only: whether codes exist in the list is for the caller. `value->text` borrows from `text`
 *  (leading and trailing blanks of everything but text answers are ignored).
 *  @return SVY_OK; SVY_E_VALUE with a sentence that says what is expected; SVY_E_LIMIT (4 GiB); SVY_E_ARG (a type that holds no answer).
 *          On failure `*value` is a missing one: not stated. */
SVY_API SVY_NODISCARD svy_status svy_value_parse(svy_type type, const char *text, size_t len, svy_value *value, svy_error *err);
/** Turns Arabic and Persian digits (and the decimal sign, comma and minus sign that go with them) into those of ASCII, in place: what somebody typed
 *  becomes what svy_value_parse reads. The text never grows. */
SVY_API void svy_western_digits(char *text);
/** Turns a decimal comma into a point, in place, as most of Europe types "4,2". A number that could as well be thousands ("1,234"), or has more than one mark, is left
 *  as it is, so that svy_value_parse refuses it and nobody's income is a thousandth. After svy_western_digits(). */
SVY_API void svy_decimal_point(char *text);

SVY_END_DECLS
#endif

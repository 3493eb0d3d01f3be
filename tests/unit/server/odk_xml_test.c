/* What an OpenRosa server says, byte for byte. */
#include "server/odk/xml.h"
#include <criterion/criterion.h>

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define MD5 "0123456789abcdef0123456789abcdef"

Test(odk_xml, the_list_of_forms)
{
    svyi_buffer b;
    svyi_buffer_init(&b, NULL);
    const svyi_odk_listed plain = { "a-main-tcn", "1.2", "Work & <life>", MD5, "https://h:1/odk", 0 }, odd = { "посещение", "", "V", MD5, "http://h/odk/key/T_-k", 1 };
    svyi_odk_list_begin(&b);
    svyi_odk_list_add(&b, &plain);
    svyi_odk_list_add(&b, &odd);
    svyi_odk_list_end(&b);
    cr_assert(!b.failed);
    cr_expect_str_eq(b.data,
        HEAD "<xforms xmlns=\"http://openrosa.org/xforms/xformsList\">\n"
        "<xform><formID>a-main-tcn</formID><name>Work &amp; &lt;life&gt;</name><version>1.2</version><hash>md5:" MD5 "</hash>"
        "<downloadUrl>https://h:1/odk/forms/a-main-tcn/1.2/form.xml</downloadUrl></xform>\n"
        "<xform><formID>посещение</formID><name>V</name><version></version><hash>md5:" MD5 "</hash>"
        "<downloadUrl>http://h/odk/key/T_-k/forms/%D0%BF%D0%BE%D1%81%D0%B5%D1%89%D0%B5%D0%BD%D0%B8%D0%B5/-/form.xml</downloadUrl>"
        "<manifestUrl>http://h/odk/key/T_-k/forms/%D0%BF%D0%BE%D1%81%D0%B5%D1%89%D0%B5%D0%BD%D0%B8%D0%B5/-/manifest</manifestUrl></xform>\n"
        "</xforms>\n", "%s", b.data);
    svyi_buffer_clear(&b);
}

Test(odk_xml, the_files_of_a_form)
{
    svyi_buffer b;
    svyi_buffer_init(&b, NULL);
    const svyi_odk_listed form = { "f", "2", "F", MD5, "http://h/odk", 1 };
    const svyi_odk_listed_file files[] = { { "a b/c.csv", MD5 } };
    svyi_odk_manifest(&b, &form, files, 1);
    cr_expect_str_eq(b.data, HEAD "<manifest xmlns=\"http://openrosa.org/xforms/xformsManifest\">\n"
        "<mediaFile><filename>a b/c.csv</filename><hash>md5:" MD5 "</hash><downloadUrl>http://h/odk/forms/f/2/files/a%20b%2Fc.csv</downloadUrl></mediaFile>\n</manifest>\n", "%s", b.data);
    svyi_buffer_clear(&b);
}

Test(odk_xml, the_answer_to_a_submission)
{
    svyi_buffer b;
    svyi_buffer_init(&b, NULL);
    svyi_odk_response(&b, 1, "thank you");
    svyi_odk_response(&b, 0, "a < b \x01 \xff");
    cr_expect_str_eq(b.data,
        HEAD "<OpenRosaResponse xmlns=\"http://openrosa.org/http/response\" items=\"0\"><message nature=\"submit_success\">thank you</message></OpenRosaResponse>\n"
        HEAD "<OpenRosaResponse xmlns=\"http://openrosa.org/http/response\" items=\"0\"><message nature=\"error\">a &lt; b \xEF\xBF\xBD \xEF\xBF\xBD</message></OpenRosaResponse>\n", "%s", b.data);
    svyi_buffer_clear(&b);
}

/* The numbers of the package format that its writer and its reader share: docs/formats/package.md. */
#ifndef SVY_INTERVIEW_PACKAGE_PRIVATE_H
#define SVY_INTERVIEW_PACKAGE_PRIVATE_H

typedef enum svyi_frame { SVYI_FRAME_HEAD = 1, SVYI_FRAME_SITTING = 2, SVYI_FRAME_EVENT = 3, SVYI_FRAME_FILE = 4, SVYI_FRAME_END = 5 } svyi_frame;

#define SVYI_PACKAGE_MAGIC "SVYP\x01"
enum { SVYI_MAGIC_BYTES = 5, SVYI_DIGEST_BYTES = 32 };

#endif

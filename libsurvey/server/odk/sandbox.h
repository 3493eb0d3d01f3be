/* What the process that reads a submission may still do: read and write what it has open, compute, end. */
#ifndef SVY_SERVER_ODK_SANDBOX_H
#define SVY_SERVER_ODK_SANDBOX_H
/* Gives up everything else, for good. @return 1; 0 when the system does not let us: then only memory and time are limited */
int svyi_odk_sandbox(void);
#endif

/* Who may do what: the one table of roles and rights, and which rows somebody sees. Nothing else in the project decides this. */
#include <string.h>
#include <survey/account.h>

/* A column per role: Administrator, Researcher, Supervisor, Interviewer, aNalyst, resPondent. What is not named here is nobody's. */
static const struct { const char *name, *roles; int whole; } RIGHTS[SVY_RIGHTS + 1] = {
    [SVY_RIGHT_FORMS_READ] = { "forms-read", "ARSINP", 0 },
    [SVY_RIGHT_SUBMIT] = { "submit", "ARSIP", 0 },
    [SVY_RIGHT_CASES_OWN] = { "cases-own", "ARSIP", 0 },
    [SVY_RIGHT_CASES_ORGANISATION] = { "cases-organisation", "ARS", 0 },
    [SVY_RIGHT_INTERVIEWS] = { "interviews", "ARSI", 0 },
    [SVY_RIGHT_STATUS] = { "status", "ARSN", 0 },
    [SVY_RIGHT_CONTACTS] = { "contacts", "ARSI", 0 },
    [SVY_RIGHT_EXPORT] = { "export", "ARN", 0 },
    [SVY_RIGHT_EXPORT_SENSITIVE] = { "export-sensitive", "AR", 0 },
    [SVY_RIGHT_DEPLOY] = { "deploy", "AR", 1 },
    [SVY_RIGHT_LINKS] = { "links", "ARS", 0 },
    [SVY_RIGHT_ERASE] = { "erase", "AR", 0 },
    [SVY_RIGHT_ACCOUNTS] = { "accounts", "A", 1 },
    [SVY_RIGHT_AUDIT] = { "audit", "A", 1 },
    [SVY_RIGHT_SYNC] = { "sync", "AR", 1 },
    [SVY_RIGHT_KEYS] = { "keys", "A", 1 },
    [SVY_RIGHT_DEVICES] = { "devices", "ARSI", 0 },
    [SVY_RIGHT_SYNC_ORGANISATION] = { "sync-organisation", "ARS", 0 },
};

static const struct { const char *name; char letter; } ROLES[SVY_ROLES + 1] = {
    [SVY_ROLE_ADMINISTRATOR] = { "administrator", 'A' }, [SVY_ROLE_RESEARCHER] = { "researcher", 'R' }, [SVY_ROLE_SUPERVISOR] = { "supervisor", 'S' },
    [SVY_ROLE_INTERVIEWER] = { "interviewer", 'I' }, [SVY_ROLE_ANALYST] = { "analyst", 'N' }, [SVY_ROLE_RESPONDENT] = { "respondent", 'P' },
};

/* Roles come from files too: what is no role has no right. */
static int is_role(svy_account_role role)
{
    return (int)role >= 1 && (int)role <= SVY_ROLES;
}

const char *svy_role_name(svy_account_role role)
{
    return is_role(role) ? ROLES[role].name : "";
}

int svy_role_find(const char *name, svy_account_role *role)
{
    for (int i = 1; i <= SVY_ROLES; i++)
        if (strcmp(ROLES[i].name, name) == 0) {
            *role = (svy_account_role)i;
            return 1;
        }
    return 0;
}

const char *svy_right_name(svy_right right)
{
    return (int)right >= 1 && (int)right <= SVY_RIGHTS ? RIGHTS[right].name : "";
}

int svy_may(svy_account_role role, svy_right right)
{
    return is_role(role) && (int)right >= 1 && (int)right <= SVY_RIGHTS && strchr(RIGHTS[right].roles, ROLES[role].letter) != NULL;
}

int svy_allowed(const svy_principal *p, svy_right right)
{
    return p != NULL && svy_may(p->role, right) && (p->organisation[0] == '\0' || !RIGHTS[right].whole);
}

int svy_sees(const svy_principal *p, const char *organisation, const char *owner)
{
    if (p == NULL || !is_role(p->role) || p->role == SVY_ROLE_RESPONDENT)
        return 0;
    if (p->role == SVY_ROLE_INTERVIEWER)
        return p->name[0] != '\0' && strcmp(p->name, owner) == 0;
    return p->organisation[0] == '\0' || strcmp(p->organisation, organisation) == 0;
}

int svy_sees_form(const svy_principal *p, const char *form)
{
    return p != NULL && svy_may(p->role, SVY_RIGHT_FORMS_READ) && (p->role != SVY_ROLE_RESPONDENT || strcmp(p->form, form) == 0);
}

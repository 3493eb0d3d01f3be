/** Umbrella header: the only one most programs need. */
#ifndef SURVEY_SURVEY_H
#define SURVEY_SURVEY_H
#include <survey/base.h>
#include <survey/codebook.h>
#include <survey/expr.h>
#include <survey/xpath.h>
#include <survey/questionnaire.h>
#include <survey/interview.h>
#include <survey/frame.h>
#include <survey/design.h>
#include <survey/weighting.h>
#include <survey/estimate.h>
#include <survey/strata.h>
#include <survey/quantile.h>
#include <survey/moments.h>
#include <survey/contrast.h>
#include <survey/multiple.h>
#include <survey/standardize.h>
#include <survey/table.h>
#include <survey/test.h>
#include <survey/survival.h>
#include <survey/report.h>
#include <survey/describe.h>
#include <survey/exchange.h>
#include <survey/dataio.h>
#include <survey/store.h>
#endif

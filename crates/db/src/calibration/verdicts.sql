-- calibration/verdicts: what people said of tools' zones, by tool, model, type and tenth of confidence
select processing_tool, processing_model, zone_type, bucket, verdicts, changed, confidence_sum::float8 as confidence_sum
from colophon.calibration($1, $2, $3, $4)

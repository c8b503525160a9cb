DROP TABLE journey_trace_position, journey_traces;

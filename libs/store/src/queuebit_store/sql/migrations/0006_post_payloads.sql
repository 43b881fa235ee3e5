-- Nothing runs any more that could not read an event whose large part is stored apart.

UPDATE era SET payloads_apart = true;

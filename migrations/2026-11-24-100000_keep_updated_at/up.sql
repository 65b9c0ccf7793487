-- Every table with an updated_at column gets a trigger that calls this function, so that no writer
-- can forget it. A writer that sets the column itself (an import, a copy) keeps its own value.
create function set_updated_at() returns trigger
language plpgsql
as $$
begin
  if new.updated_at is not distinct from old.updated_at then
    new.updated_at := now();
  end if;
  return new;
end
$$;

-- What loops look for every few seconds, and few of many rows are: merchants that are settled by a schedule, and whether any has a shop.
create index merchants_scheduled on merchants (merchant_id) where schedule_time is not null;
create index merchants_with_shops on merchants (merchant_id) where network_merchant_ids <> '{}';

/**
 * The id under a Standard Webhooks signature. What is signed is `id.seconds.text`, so an id with a dot in it makes two readings of one signature: the
 * standard has senders keep dots out of it, and receivers here refuse them. No space either: two headers of the name are read as one with a comma and a space.
 */
export const webhookIdShape = /^[^.\s]{1,255}$/;

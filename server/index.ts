/** The public door of the package: everything an embedding application may lean on, and nothing else. */
export { createBroker, StompedeBroker, type Listening, type NodeStats } from './app.ts';
export type { Action, Authenticator, Authorizer, Credentials, Identity, LoginVerdict } from './broker/access.ts';
export { allowAll, createBuiltInAuthenticator, createBuiltInAuthorizer, type Users } from './broker/built-in-access.ts';
export type { BrokerLimits } from './broker/limits.ts';
export type { Log, LogFields } from './broker/log.ts';
export type { DestinationPolicy } from './broker/policies.ts';
export type { RedeliveryPolicy } from './broker/redelivery.ts';
export { ConfigError, loadConfig, type Config, type ConfigInput } from './config.ts';
export type { RedisClient, RedisSettings } from './engines/create-engine.ts';
export { ListenError } from './listen-error.ts';
export type { AttachOptions, BrokerOptions, CloseOptions, ListenOptions, ListenTcpOptions } from './broker-options.ts';
export type { RedisChoice, RedisSection } from './redis-choice.ts';
export { PublishError } from './publish-error.ts';

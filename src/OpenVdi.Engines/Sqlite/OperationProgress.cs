namespace OpenVdi.Engines.Sqlite;

/// <summary>How far a backup or restore is.</summary>
/// <param name="BytesTransferred">Bytes of Write or Read commands that are complete, all devices.</param>
/// <param name="DatabaseBytes">Bytes of the database that are done.</param>
/// <param name="TotalDatabaseBytes">Bytes of the whole database; 0 while a restore does not know it yet.</param>
/// <param name="CommandCount">Commands complete, all devices.</param>
/// <param name="Elapsed">Time since the operation began.</param>
public readonly record struct OperationProgress(
    long BytesTransferred, long DatabaseBytes, long TotalDatabaseBytes, long CommandCount, TimeSpan Elapsed);
